// An open on a thread of Zinc's, as a task.

using System;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Zinc
{
    /// <summary>
    /// Either the callback comes, or the open is cancelled before: whichever it is frees the handle through which C
    /// holds this object.
    /// </summary>
    internal sealed unsafe class PendingOpen : TaskCompletionSource<SharedRegion>
    {
        // C has its address for as long as the program runs.
        private static readonly Callback WhenDone = Done;
        private static readonly IntPtr WhenDonePointer = Marshal.GetFunctionPointerForDelegate(WhenDone);

        private readonly string _name;
        private readonly CancellationToken _token;
        private GCHandle _self;
        private IntPtr _open;

        // What awaits the task must not run on Zinc's threads, nor within the token's Cancel.
        private PendingOpen(string name, CancellationToken token)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            _name = name;
            _token = token;
        }

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void Callback(IntPtr user, int result, IntPtr region);

        internal static Task<SharedRegion> Begin(string name, RegionOptions? options, CancellationToken token)
        {
            using var call = new Call("OpenAsync", name, options);
            if (token.IsCancellationRequested)
            {
                return System.Threading.Tasks.Task.FromCanceled<SharedRegion>(token);
            }

            var pending = new PendingOpen(name, token);
            pending._self = GCHandle.Alloc(pending);
            IntPtr open;
            int status = Native.zinc_open_async(
                call.Name, call.Options, WhenDonePointer, GCHandle.ToIntPtr(pending._self), &open);
            if (status < 0)
            {
                Exception failed = ZincException.Failed(status);
                pending._self.Free();
                return failed is ArgumentException
                    ? throw failed
                    : System.Threading.Tasks.Task.FromException<SharedRegion>(failed);
            }

            pending._open = open;
            if (token.CanBeCanceled)
            {
                pending.EndWithToken();
            }

            return pending.Task;
        }

        private static void Done(IntPtr user, int result, IntPtr region)
        {
            GCHandle self = GCHandle.FromIntPtr(user);
            var pending = (PendingOpen)self.Target!;
            self.Free();
            if (result < 0)
            {
                pending.TrySetException(ZincException.Failed(result));
                return;
            }

            try
            {
                pending.TrySetResult(new SharedRegion(pending._name, region));
            }
            catch (ZincException failed)
            {
                pending.TrySetException(failed);
            }
        }

        private void EndWithToken()
        {
            CancellationTokenRegistration registration =
                _token.Register(state => ((PendingOpen)state!).Cancel(), this, useSynchronizationContext: false);

            // A token may live long, and must not gather the opens that are over.
            _ = Task.ContinueWith(
                (_, state) => ((CancellationTokenRegistration)state!).Dispose(),
                registration,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        private void Cancel()
        {
            if (Native.zinc_open_cancel(_open) == 1)
            {
                _self.Free();
                TrySetCanceled(_token);
            }
        }
    }
}
