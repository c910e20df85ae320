// What a process can do to itself, for the cases about forks and rights: by libc, for .NET has none of it.

using System;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Zinc.Conformance
{
    internal static class OwnProcess
    {
        private const uint ChildsLife = 60;

        internal static int Id => getpid();

        /// <summary>
        /// Forks a child that holds copies of everything, does nothing, and ends by itself should nobody end it.
        /// </summary>
        /// <remarks>
        /// The runtime's other threads are not in it, so nothing must be compiled, bound or collected there: what it
        /// calls is made ready before.
        /// </remarks>
        internal static int Fork()
        {
            const BindingFlags own = BindingFlags.NonPublic | BindingFlags.Static;
            foreach (string name in new[] { nameof(fork), nameof(alarm), nameof(pause), nameof(Idle) })
            {
                MethodInfo method = typeof(OwnProcess).GetMethod(name, own)!;
                if (name == nameof(Idle))
                {
                    System.Runtime.CompilerServices.RuntimeHelpers.PrepareMethod(method.MethodHandle);
                }
                else
                {
                    Marshal.Prelink(method);
                }
            }

            int child = Idle();
            return child > 0 ? child : throw new Win32Exception("fork failed");
        }

        /// <summary>Gives up root's rights for those of another user.</summary>
        internal static void Become(uint user)
        {
            if (setgroups(UIntPtr.Zero, IntPtr.Zero) != 0 || setgid(user) != 0 || setuid(user) != 0)
            {
                throw new Win32Exception("not root");
            }
        }

        private static int Idle()
        {
            int child = fork();
            if (child == 0)
            {
                alarm(ChildsLife);
                while (true)
                {
                    pause();
                }
            }

            return child;
        }

        [DllImport("libc")]
        private static extern int getpid();

        [DllImport("libc")]
        private static extern int fork();

        [DllImport("libc")]
        private static extern uint alarm(uint seconds);

        [DllImport("libc")]
        private static extern int pause();

        [DllImport("libc")]
        private static extern int setgroups(UIntPtr count, IntPtr groups);

        [DllImport("libc")]
        private static extern int setgid(uint group);

        [DllImport("libc")]
        private static extern int setuid(uint user);
    }
}
