// What only the owner of a region may do.

using System;

namespace Zinc
{
    /// <summary>The handle that created a region. It does all that a <see cref="SharedRegion"/> does, and more.</summary>
    /// <remarks>
    /// Its <see cref="SharedRegion.Close"/>, or the end of its process, ends the region for everyone, unless it persists.
    /// </remarks>
    public sealed unsafe class OwnedRegion : SharedRegion
    {
        private readonly IntPtr _owned;

        internal OwnedRegion(string name, IntPtr region)
            : base(name, region)
        {
            _owned = region;
        }

        /// <summary>
        /// Takes the region's name away now. Processes that have it open go on as before, and the name is free.
        /// </summary>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">This process was forked from the owner's.</exception>
        /// <exception cref="SystemCallException">The system failed otherwise.</exception>
        public void Unlink()
        {
            ZincException.Check(Native.zinc_unlink(_owned));
            GC.KeepAlive(this);
        }

        /// <summary>
        /// Gives a region its name that was created with <see cref="RegionOptions.Unlinked"/>: from now on others find
        /// it, with all that was written and notified before. It does nothing if the region has its name.
        /// </summary>
        /// <exception cref="AlreadyExistsException">The name is taken; this may be tried again.</exception>
        /// <exception cref="UnsupportedException">The region had its name and lost it.</exception>
        /// <exception cref="NotARegionException">Something else has the name.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">This user may not, or this process was forked from the owner's.</exception>
        /// <exception cref="SystemCallException">The system failed otherwise.</exception>
        public void Link()
        {
            ZincException.Check(Native.zinc_link(_owned));
            GC.KeepAlive(this);
        }

        /// <summary>Whether the region's name leads to it now, so that others can open it.</summary>
        /// <remarks>
        /// It does not before <see cref="Link"/>, after <see cref="Unlink"/>, and once somebody else has deleted the name,
        /// as <c>rm</c> and systemd's RemoveIPC do.
        /// </remarks>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="OwnerDiedException">The process has closed the region's descriptors.</exception>
        /// <exception cref="PermissionDeniedException">This process was forked from the owner's.</exception>
        /// <exception cref="SystemCallException">The system failed otherwise.</exception>
        public bool IsNamed()
        {
            bool named = ZincException.Check(Native.zinc_is_named(_owned)) > 0;
            GC.KeepAlive(this);
            return named;
        }

        /// <summary>Lets the region outlive this handle and process. Twice is fine.</summary>
        /// <remarks>
        /// It has no owner from now on: it is never reclaimed, its waiters get no <see cref="OwnerDiedException"/>, and
        /// it stays until <see cref="SharedRegion.Remove"/> or <see cref="Unlink"/>.
        /// </remarks>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        /// <exception cref="PermissionDeniedException">This process was forked from the owner's.</exception>
        public void Persist()
        {
            ZincException.Check(Native.zinc_persist(_owned));
            GC.KeepAlive(this);
        }

        /// <summary>Says what the data is, for everyone, row-major from the first byte.</summary>
        /// <param name="dtype">The element type.</param>
        /// <param name="shape">The dimensions, outermost first, up to 8; none at all is a single element.</param>
        /// <remarks>Readers that look meanwhile get the old description or the new one, whole.</remarks>
        /// <exception cref="DescriptorException">There are more than 8 dimensions, or it does not fit.</exception>
        /// <exception cref="ClosedException">The handle is closed.</exception>
        public void Describe(DType dtype, params long[] shape)
        {
            if (shape is null)
            {
                throw new ArgumentNullException(nameof(shape));
            }

            RequireTensor(dtype, shape);
            fixed (long* lengths = shape)
            {
                ZincException.Check(
                    Native.zinc_describe(_owned, (uint)dtype, (UIntPtr)(uint)shape.Length, (ulong*)lengths));
            }

            GC.KeepAlive(this);
        }
    }
}
