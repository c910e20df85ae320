/** Named shared memory between processes of different languages on one machine. */
module dev.zinc {
    exports dev.zinc;
}
