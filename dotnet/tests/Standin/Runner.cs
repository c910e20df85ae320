// Runs every test of this program, one after the other, and counts: for machines that have no NuGet.
//
//     Zinc.Tests [PART] [--junit FILE]        only tests whose name contains PART; the results, as JUnit XML, in FILE

using System;
using System.Linq;
using System.Reflection;
using System.Threading;
using System.Threading.Tasks;
using System.Xml.Linq;

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

            var report = new XElement("testsuite", new XAttribute("name", "Zinc.Tests"));
            int failed = 0;
            var tests = typeof(Runner).Assembly.GetTypes().SelectMany(type => type.GetMethods())
                .Where(method => method.GetCustomAttribute<FactAttribute>() != null)
                .Where(method => parts.All(part => Name(method).Contains(part, StringComparison.Ordinal)));
            foreach (MethodInfo test in tests)
            {
                var result = new XElement(
                    "testcase",
                    new XAttribute("classname", test.DeclaringType!.FullName!),
                    new XAttribute("name", test.Name));
                report.Add(result);
                Exception? error = Run(test);
                if (error is null)
                {
                    Console.WriteLine($"ok      {Name(test)}");
                }
                else
                {
                    failed++;
                    Console.WriteLine($"FAILED  {Name(test)}\n{error}");
                    result.Add(new XElement("failure", new XAttribute("message", error.Message), error.ToString()));
                }
            }

            int all = report.Elements().Count();
            Console.WriteLine($"{all - failed} passed, {failed} failed");
            if (file != null)
            {
                new XElement("testsuites", report).Save(file);
            }

            return failed == 0 && all > 0 ? 0 : 1;
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
