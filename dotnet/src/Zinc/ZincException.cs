// Exceptions, made of what the C ABI says of a thread's last error.

using System;

namespace Zinc
{
    /// <summary>The base of every exception that Zinc throws; there is a class for each <see cref="ErrorKind"/>.</summary>
    /// <remarks>Its message names the operation, the region, the reason, and what to do next.</remarks>
    public partial class ZincException : Exception
    {
        internal ZincException(ErrorKind kind, in Failure why)
            : base(why.Message)
        {
            Kind = kind;
            Operation = why.Operation;
            Region = why.Region;
            OsError = why.OsError;
            Space = (why.Needed, why.Available);
        }

        /// <summary>What went wrong.</summary>
        public ErrorKind Kind { get; }

        /// <summary>The kind's number, the same in every language; negative.</summary>
        public int Code => (int)Kind;

        /// <summary>The call that failed, such as "Open"; null if it was none.</summary>
        public string? Operation { get; }

        /// <summary>The name of the region that it is about; null if it is about none.</summary>
        public string? Region { get; }

        /// <summary>The operating system's error number (<c>errno</c>), or 0 if it gave none.</summary>
        public int OsError { get; }

        /// <summary>Bytes needed and available, where memory could not be reserved.</summary>
        private protected (long Needed, long Available) Space { get; }

        /// <summary>Throws if a call of the C ABI says that it failed; else gives what it said.</summary>
        internal static int Check(int status)
        {
            return status < 0 ? throw Failed(status) : status;
        }

        /// <summary>The exception for this thread's last failure: .NET's own where an argument means nothing.</summary>
        /// <remarks>What C refuses are options: this package checks all other arguments itself.</remarks>
        internal static Exception Failed(int status)
        {
            return status == (int)ErrorKind.InvalidArgument
                ? new ArgumentException(Failure.Last().Message, "options")
                : (Exception)Last(status);
        }

        /// <summary>The exception for this thread's last failure, which is no wrong argument.</summary>
        internal static ZincException Last(int status) => Of((ErrorKind)status, Failure.Last());

        /// <summary>An exception for what C could not be asked for.</summary>
        internal static ZincException Of(ErrorKind kind, string operation, string? region, string why)
        {
            return Of(kind, new Failure(operation, region, why));
        }
    }

    public sealed partial class NoSpaceException
    {
        /// <summary>The bytes that had to be reserved.</summary>
        public long Needed => Space.Needed;

        /// <summary>The bytes that were free at that time.</summary>
        public long Available => Space.Available;
    }

    /// <summary>Why a call failed.</summary>
    internal readonly struct Failure
    {
        internal readonly string Message;
        internal readonly string? Operation;
        internal readonly string? Region;
        internal readonly int OsError;
        internal readonly long Needed;
        internal readonly long Available;

        internal Failure(string operation, string? region, string why)
            : this(region is null ? $"{operation}: {why}" : $"{operation} \"{region}\": {why}", operation, region, 0, 0, 0)
        {
        }

        private Failure(
            string message, string? operation, string? region, int osError, ulong needed, ulong available)
        {
            Message = message;
            Operation = operation;
            Region = region;
            OsError = osError;
            Needed = (long)Math.Min(needed, long.MaxValue);
            Available = (long)Math.Min(available, long.MaxValue);
        }

        /// <summary>What C says of this thread's last error.</summary>
        internal static unsafe Failure Last()
        {
            ulong needed, free;
            Native.zinc_error_space(&needed, &free);
            return new Failure(
                Text.From(Native.zinc_error_message()),
                Text.OrNull(Native.zinc_error_operation()),
                Text.OrNull(Native.zinc_error_region()),
                Native.zinc_error_os(),
                needed,
                free);
        }
    }
}
