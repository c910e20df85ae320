// The C# testee: takes the conformance runner's commands, calls the public API, reports what it gave.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;

namespace Zinc.Conformance
{
    internal static class Testee
    {
        private static readonly Dictionary<string, SharedRegion> Handles = new Dictionary<string, SharedRegion>();
        private static readonly Stream Answers = Console.OpenStandardOutput();

        // At the end of input the process ends with what it has still open.
        private static void Main()
        {
            using var commands = new StreamReader(Console.OpenStandardInput());
            while (commands.ReadLine() is string line)
            {
                var command = new Command(JsonDocument.Parse(line).RootElement);
                if (command.Do == "wait_async")
                {
                    Waits.Start(command, Find(command), outcome => Answer(command, outcome));
                }
                else if (command.Flag("background"))
                {
                    new Thread(() => Answer(command)) { IsBackground = true }.Start();
                }
                else
                {
                    Answer(command);
                }
            }
        }

        private static void Answer(Command command) => Answer(command, () => Perform(command));

        private static void Answer(Command command, Func<object?> perform)
        {
            var answer = new JsonObject { ["id"] = command.Number("id") };
            try
            {
                answer["ok"] = perform();
            }
            catch (ZincException error)
            {
                answer["error"] = error.Kind.ToString();
                answer["code"] = error.Code;
                answer["message"] = error.Message;
            }
            catch (ArgumentException error) when (error.ParamName != null)
            {
                answer["error"] = ErrorKind.InvalidArgument.ToString();
                answer["code"] = (int)ErrorKind.InvalidArgument;
                answer["message"] = error.Message;
            }
            catch (OwnException error)
            {
                answer["error"] = answer["message"] = error.Message;
            }
            catch (Exception error)
            {
                answer["error"] = "Testee";
                answer["message"] = error.ToString();
            }

            byte[] line = answer.ToLine();
            lock (Answers)
            {
                Answers.Write(line);
                Answers.Flush();
            }
        }

        private static object? Perform(Command command)
        {
            switch (command.Do)
            {
                case "hello":
                    return Hello();
                case "reset":
                    return Reset();
                case "create":
                    return Keep(command, Create(command));
                case "open":
                    return Keep(command, SharedRegion.Open(command.Name, command.Options()));
                case "open_or_create":
                    long capacity = command.Number("capacity");
                    SharedRegion opened = SharedRegion.OpenOrCreate(command.Name, capacity, command.Options());
                    Keep(command, opened);
                    return new JsonObject { ["owner"] = opened is OwnedRegion };
                case "remove":
                    SharedRegion.Remove(command.Name, command.Text("directory"));
                    return null;
                case "list":
                    return SharedRegion.List(command.Text("directory")).Select(Listed);
                case "views":
                    return Views(command);
                case "fork":
                    return new JsonObject { ["pid"] = OwnProcess.Fork() };
                case "become":
                    OwnProcess.Become((uint)command.Number("uid"));
                    return null;
                case "cancel":
                    Waits.Cancel(command.Number("wait"));
                    return null;
            }

            return Perform(command, Find(command));
        }

        /// <summary>How many open files belong to views whose handles are closed.</summary>
        private static object Views(Command command)
        {
            int before = OpenFiles();
            var kept = new List<Memory<byte>>();
            for (long left = command.Number("count"); left > 0; left--)
            {
                using SharedRegion region = SharedRegion.Open(command.Name, command.Options());
                kept.Add(region.AsMemory());
            }

            int held = OpenFiles() - before;
            GC.KeepAlive(kept);
            return held;
        }

        private static int OpenFiles() => System.IO.Directory.GetFileSystemEntries("/proc/self/fd").Length;

        private static SharedRegion Find(Command command)
        {
            lock (Handles)
            {
                return Handles[command.Text("handle")!];
            }
        }

        private static object? Perform(Command command, SharedRegion region)
        {
            switch (command.Do)
            {
                case "name":
                    return region.Name;
                case "capacity":
                    return region.Capacity;
                case "sequence":
                    return region.Sequence;
                case "notify":
                    region.Notify();
                    return null;
                case "wait":
                    return region.Wait(command.Timeout);
                case "wait_past":
                    return region.WaitPast(command.Get("sequence").GetUInt64(), command.Timeout);
                case "interrupt":
                    region.Interrupt();
                    return null;
                case "close":
                    region.Close();
                    return null;
                case "descriptor":
                    return region.GetDescriptor() is Descriptor found
                        ? new JsonObject { ["dtype"] = found.DType.Name(), ["shape"] = found.Shape }
                        : null;
                case "read":
                    return Read(region, command.Number("at"), command.Number("length"));
                case "write":
                    return Write(region, command.Number("at"), Convert.FromHexString(command.Text("hex")!));
                case "tensor":
                    return Values.Read(region, command.Text("dtype"));
                case "fill":
                    Values.Fill(region, command.Get("values"));
                    return null;
                case "ping_pong":
                    return PingPong(region, command.Number("rounds"), command.Flag("first"));
            }

            return Perform(command, region as OwnedRegion ?? throw new OwnException("NoSuchCall"));
        }

        private static object? Perform(Command command, OwnedRegion region)
        {
            switch (command.Do)
            {
                case "unlink":
                    region.Unlink();
                    return null;
                case "link":
                    region.Link();
                    return null;
                case "is_named":
                    return region.IsNamed();
                case "persist":
                    region.Persist();
                    return null;
                case "describe":
                    region.Describe(command.DType, command.Shape);
                    return null;
            }

            throw new NotSupportedException($"\"{command.Do}\" is not known here");
        }

        private static object Hello()
        {
            var can = new List<string> { "async", "exit-handlers", "fork", "setuid", "read-only-views", "views" };
            foreach (DType dtype in (DType[])Enum.GetValues(typeof(DType)))
            {
                can.Add("dtype:" + dtype.Name());
            }

            return new JsonObject
            {
                ["protocol"] = 1, ["pid"] = OwnProcess.Id, ["version"] = SharedRegion.Version, ["can"] = can,
            };
        }

        private static JsonObject Listed(RegionInfo info)
        {
            string state = info.State.ToString().ToLowerInvariant();
            return new JsonObject { ["name"] = info.Name, ["capacity"] = info.Capacity, ["state"] = state };
        }

        private static OwnedRegion Create(Command command)
        {
            return command.Has("dtype")
                ? SharedRegion.CreateTensor(command.Name, command.DType, command.Shape, command.Options())
                : SharedRegion.Create(command.Name, command.Number("capacity"), command.Options());
        }

        /// <summary>Gives a region the command's handle. What had it before is closed: nobody can name it any more.</summary>
        private static object? Keep(Command command, SharedRegion region)
        {
            string handle = command.Text("handle")!;
            lock (Handles)
            {
                Handles.TryGetValue(handle, out SharedRegion? before);
                Handles[handle] = region;
                before?.Close();
            }

            return null;
        }

        private static object? Reset()
        {
            lock (Handles)
            {
                List<SharedRegion> regions = Handles.Values.ToList();
                Handles.Clear();
                regions.ForEach(region => region.Close());
            }

            // What Memory and Tensor objects hold is the collector's to give back, and the runner looks whether it is.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return null;
        }

        /// <summary>Fewer bytes where the region ends.</summary>
        private static string Read(SharedRegion region, long at, long length)
        {
            int there = (int)Math.Min(length, Math.Max(0, region.Capacity - at));
            return Hex(region.AsReadOnlySpan(Math.Min(at, region.Capacity), there));
        }

        private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(bytes).ToLowerInvariant();

        private static object? Write(SharedRegion region, long at, byte[] bytes)
        {
            try
            {
                bytes.CopyTo(region.AsSpan(at, bytes.Length));
            }
            catch (PermissionDeniedException) when (region.IsReadOnly)
            {
                throw new OwnException("ReadOnly");
            }

            // What outlives the handle must show the same pages.
            string seen = Hex(region.AsMemory(at, bytes.Length).Span);
            return seen == Hex(bytes) ? (object?)null : throw new InvalidOperationException("AsMemory shows " + seen);
        }

        /// <summary>Adds 1 to the first byte and notifies, in turns with another process.</summary>
        private static object? PingPong(SharedRegion region, long rounds, bool first)
        {
            for (long turn = 0; turn < 2 * rounds; turn++)
            {
                if ((turn % 2 == 0) == first)
                {
                    region.AsSpan()[0]++;
                    region.Notify();
                }
                else
                {
                    region.Wait();
                }
            }

            return null;
        }
    }

    /// <summary>An error of the testee's own.</summary>
    internal sealed class OwnException : Exception
    {
        internal OwnException(string name)
            : base(name)
        {
        }
    }
}
