// Runs every test of this program, one after the other, and counts: for machines that have no NuGet.
//
//     Zinc.Tests [PART]        only tests whose name contains PART

using System;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;

namespace Xunit
{
    internal static class Runner
    {
        /// <summary>No test takes a second; one that takes this long hangs.</summary>
        private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

        private static int Main(string[] arguments)
        {
            int passed = 0;
            int failed = 0;
            var tests = typeof(Runner).Assembly.GetTypes().SelectMany(type => type.GetMethods())
                .Where(method => method.GetCustomAttribute<FactAttribute>() != null)
                .Where(method => arguments.All(part => Name(method).Contains(part, StringComparison.Ordinal)));
            foreach (MethodInfo test in tests)
            {
                Exception? error = Run(test);
                if (error is null)
                {
                    passed++;
                    Console.WriteLine($"ok      {Name(test)}");
                }
                else
                {
                    failed++;
                    Console.WriteLine($"FAILED  {Name(test)}\n{error}");
                }
            }

            Console.WriteLine($"{passed} passed, {failed} failed");
            return failed == 0 && passed > 0 ? 0 : 1;
        }

        private static string Name(MethodInfo test) => $"{test.DeclaringType!.Name}.{test.Name}";

        private static Exception? Run(MethodInfo test)
        {
            Exception? caught = null;
            var thread = new Thread(() =>
            {
                try
                {
                    object? instance = Activator.CreateInstance(test.DeclaringType!);
                    (test.Invoke(instance, null) as Task)?.GetAwaiter().GetResult();
                    (instance as IDisposable)?.Dispose();
                }
                catch (Exception error)
                {
                    caught = (error as TargetInvocationException)?.InnerException ?? error;
                }
            });
            thread.IsBackground = true;
            thread.Start();
            if (!thread.Join(Watchdog))
            {
                Console.WriteLine($"FAILED  {Name(test)}: it did not end within {Watchdog.TotalSeconds} s");
                Environment.Exit(1);
            }

            return caught;
        }
    }
}
