// A wait on a thread of Zinc's, as a task.

using System;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Zinc
{
    /// <summary>
    /// Either the callback comes, or the wait is cancelled before: whichever it is frees the handle through which C
    /// holds this object, and so the region.
    /// </summary>
    internal sealed unsafe class PendingWait : TaskCompletionSource<bool>
    {
        // C has its address for as long as the program runs.
        private static readonly Callback WhenDone = Done;
        private static readonly IntPtr WhenDonePointer = Marshal.GetFunctionPointerForDelegate(WhenDone);

        private readonly SharedRegion _region;
        private readonly CancellationToken _token;
        private GCHandle _self;
        private IntPtr _wait;

        // What awaits the task must not run on Zinc's threads, nor within the token's Cancel.
        private PendingWait(SharedRegion region, CancellationToken token)
            : base(TaskCreationOptions.RunContinuationsAsynchronously)
        {
            _region = region;
            _token = token;
        }

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void Callback(IntPtr user, int result);

        internal static Task<bool> Begin(SharedRegion region, IntPtr handle, long nanoseconds, CancellationToken token)
        {
            if (token.IsCancellationRequested)
            {
                return System.Threading.Tasks.Task.FromCanceled<bool>(token);
            }

            var pending = new PendingWait(region, token);
            pending._self = GCHandle.Alloc(pending);
            IntPtr user = GCHandle.ToIntPtr(pending._self);
            IntPtr wait;
            int status = Native.zinc_wait_async(handle, nanoseconds, WhenDonePointer, user, &wait);
            if (status < 0)
            {
                ZincException failed = ZincException.Last(status);
                pending._self.Free();
                return System.Threading.Tasks.Task.FromException<bool>(failed);
            }

            pending._wait = wait;
            if (token.CanBeCanceled)
            {
                pending.EndWithToken();
            }

            GC.KeepAlive(pending._region);
            return pending.Task;
        }

        private static void Done(IntPtr user, int result)
        {
            GCHandle self = GCHandle.FromIntPtr(user);
            var pending = (PendingWait)self.Target!;
            self.Free();
            if (result < 0)
            {
                pending.TrySetException(ZincException.Last(result));
            }
            else
            {
                pending.TrySetResult(result > 0);
            }
        }

        private void EndWithToken()
        {
            CancellationTokenRegistration registration =
                _token.Register(state => ((PendingWait)state!).Cancel(), this, useSynchronizationContext: false);

            // A token may live long, and must not gather the waits that are over.
            _ = Task.ContinueWith(
                (_, state) => ((CancellationTokenRegistration)state!).Dispose(),
                registration,
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        private void Cancel()
        {
            if (Native.zinc_wait_cancel(_wait) == 1)
            {
                _self.Free();
                TrySetCanceled(_token);
            }
        }
    }
}
