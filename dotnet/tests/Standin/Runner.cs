// Runs every test of this program, one after the other, and counts: for machines that have no NuGet.
//
//     Zinc.Tests [PART] [--junit FILE]        only tests whose name contains PART; the results, as JUnit XML, in FILE

using System;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using System.Xml;

namespace Xunit
{
    internal static class Runner
    {
        /// <summary>No test takes a second; one that takes this long hangs.</summary>
        private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

        private static int Main(string[] arguments)
        {
            int option = Array.IndexOf(arguments, "--junit");
            string? file = option < 0 ? null : arguments[option + 1];
            string[] parts = arguments.Where((_, place) => option < 0 || (place != option && place != option + 1)).ToArray();

            // Without a file, what would be in it goes nowhere.
            Stream output = file is null ? Stream.Null : File.Create(file);
            using XmlWriter report = XmlWriter.Create(output, new XmlWriterSettings { CloseOutput = true });
            report.WriteStartElement("testsuites");
            report.WriteStartElement("testsuite");
            report.WriteAttributeString("name", "Zinc.Tests");
            int passed = 0;
            int failed = 0;
            var tests = typeof(Runner).Assembly.GetTypes().SelectMany(type => type.GetMethods())
                .Where(method => method.GetCustomAttribute<FactAttribute>() != null)
                .Where(method => parts.All(part => Name(method).Contains(part, StringComparison.Ordinal)));
            foreach (MethodInfo test in tests)
            {
                report.WriteStartElement("testcase");
                report.WriteAttributeString("classname", test.DeclaringType!.FullName);
                report.WriteAttributeString("name", test.Name);
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
                    report.WriteElementString("failure", error.ToString());
                }

                report.WriteEndElement();
            }

            report.WriteEndDocument();
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
