// What Zinc.Tests uses of xunit, for machines that have no NuGet: the same tests run, by the same names.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Xunit
{
    /// <summary>A test.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class FactAttribute : Attribute
    {
    }

    /// <summary>How tests run: the stand-in runs them one after the other in any case.</summary>
    [AttributeUsage(AttributeTargets.Assembly)]
    public sealed class CollectionBehaviorAttribute : Attribute
    {
        public bool DisableTestParallelization { get; set; }
    }

    /// <summary>A check that did not hold.</summary>
    public sealed class FailedException : Exception
    {
        public FailedException(string message)
            : base(message)
        {
        }
    }

    /// <summary>Checks, by xunit's names and arguments.</summary>
    public static class Assert
    {
        public static void True(bool condition, string? message = null) => Require(condition, message ?? "expected true");

        public static void False(bool condition, string? message = null) => Require(!condition, message ?? "expected false");

        public static void Null(object? value) => Require(value is null, $"expected null, got {value}");

        public static void NotNull(object? value) => Require(value is object, "expected something, got null");

        public static void Equal<T>(T expected, T actual)
        {
            bool equal = expected is IEnumerable one && actual is IEnumerable other
                ? one.Cast<object>().SequenceEqual(other.Cast<object>())
                : EqualityComparer<T>.Default.Equals(expected, actual);
            Require(equal, $"expected {Shown(expected)}, got {Shown(actual)}");
        }

        public static void Equal<T>(IEnumerable<T> expected, IEnumerable<T> actual)
        {
            Require(expected.SequenceEqual(actual), $"expected {Shown(expected)}, got {Shown(actual)}");
        }

        public static void NotEqual<T>(T expected, T actual)
        {
            Require(!EqualityComparer<T>.Default.Equals(expected, actual), $"expected anything but {expected}");
        }

        public static void Contains(string part, string? text)
        {
            Require(text != null && text.Contains(part, StringComparison.Ordinal), $"\"{part}\" is not in \"{text}\"");
        }

        public static T IsType<T>(object? value)
        {
            Require(value?.GetType() == typeof(T), $"expected a {typeof(T)}, got {value}");
            return (T)value!;
        }

        public static T Throws<T>(Action action)
            where T : Exception
        {
            return Caught<T>(Attempt(action));
        }

        public static T Throws<T>(Func<object?> function)
            where T : Exception
        {
            return Throws<T>(() => { _ = function(); });
        }

        public static async Task<T> ThrowsAsync<T>(Func<Task> action)
            where T : Exception
        {
            try
            {
                await action();
            }
            catch (Exception error)
            {
                return Caught<T>(error);
            }

            return Caught<T>(null);
        }

        private static string Shown(object? value)
        {
            return value is IEnumerable all && !(value is string)
                ? $"[{string.Join(", ", all.Cast<object>())}]"
                : value?.ToString() ?? "null";
        }

        private static Exception? Attempt(Action action)
        {
            try
            {
                action();
                return null;
            }
            catch (Exception error)
            {
                return error;
            }
        }

        private static T Caught<T>(Exception? error)
            where T : Exception
        {
            Require(error?.GetType() == typeof(T), $"expected a {typeof(T)}, got {error?.ToString() ?? "no exception"}");
            return (T)error!;
        }

        private static void Require(bool condition, string message)
        {
            if (!condition)
            {
                throw new FailedException(message);
            }
        }
    }
}
