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
            OsError = why.OsError;
            Space = (why.Needed, why.Available);
        }

        /// <summary>What went wrong.</summary>
        public ErrorKind Kind { get; }

        /// <summary>The kind's number, the same in every language; negative.</summary>
        public int Code => (int)Kind;

        /// <summary>The operating system's error number (<c>errno</c>), or 0 if it gave none.</summary>
        public int OsError { get; }

        /// <summary>Bytes needed and available, where memory could not be reserved.</summary>
        private protected (long Needed, long Available) Space { get; }

        /// <summary>Throws if a call of the C ABI says that it failed; else gives what it said.</summary>
        internal static int Check(int status)
        {
            return status < 0 ? throw Last(status) : status;
        }

        /// <summary>The exception for this thread's last failure.</summary>
        internal static ZincException Last(int status) => Of((ErrorKind)status, Failure.Last());

        /// <summary>An exception for what C could not be asked for.</summary>
        internal static ZincException Of(ErrorKind kind, string message) => Of(kind, new Failure(message));
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
        internal readonly int OsError;
        internal readonly long Needed;
        internal readonly long Available;

        internal Failure(string message)
            : this(message, 0, 0, 0)
        {
        }

        private Failure(string message, int osError, ulong needed, ulong available)
        {
            Message = message;
            OsError = osError;
            Needed = (long)Math.Min(needed, long.MaxValue);
            Available = (long)Math.Min(available, long.MaxValue);
        }

        /// <summary>What C says of this thread's last error.</summary>
        internal static unsafe Failure Last()
        {
            ulong needed, free;
            Native.zinc_error_space(&needed, &free);
            return new Failure(Text.From(Native.zinc_error_message()), Native.zinc_error_os(), needed, free);
        }
    }
}
