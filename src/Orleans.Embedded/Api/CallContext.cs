using System.Reflection;
using Orleans.Runtime;

namespace Orleans
{
    /// <summary>Runs around every call of every grain of the silo (or of the grain class that implements it).</summary>
    public interface IIncomingGrainCallFilter
    {
        /// <summary>Runs around one call; <see cref="IGrainCallContext.Invoke"/> goes on to the grain.</summary>
        Task Invoke(IIncomingGrainCallContext context);
    }

    /// <summary>One call.</summary>
    public interface IGrainCallContext
    {
        /// <summary>The grain object.</summary>
        object Grain { get; }

        /// <summary>Who calls, if a grain does.</summary>
        GrainId? SourceId { get; }

        /// <summary>Who is called.</summary>
        GrainId TargetId { get; }

        /// <summary>The full name of the grain interface.</summary>
        string InterfaceName { get; }

        /// <summary>The method's name.</summary>
        string MethodName { get; }

        /// <summary>The method of the grain interface.</summary>
        MethodInfo InterfaceMethod { get; }

        /// <summary>The result, once <see cref="Invoke"/> has ended; a filter may replace it.</summary>
        object? Result { get; set; }

        /// <summary>Goes on to the next filter, or to the grain.</summary>
        Task Invoke();
    }

    /// <summary>One call as the called side sees it.</summary>
    public interface IIncomingGrainCallContext : IGrainCallContext
    {
        /// <summary>The activation that runs the call.</summary>
        IGrainContext TargetContext { get; }

        /// <summary>The method of the grain class.</summary>
        MethodInfo ImplementationMethod { get; }
    }
}

namespace Orleans.Runtime
{
    /// <summary>Values that go along with calls, from caller to called and never back.</summary>
    public static class RequestContext
    {
        private static readonly AsyncLocal<Dictionary<string, object>?> Values = new();

        /// <summary>The names that have a value.</summary>
        public static IEnumerable<string> Keys => Values.Value?.Keys ?? Enumerable.Empty<string>();
        /// <summary>All names with their values.</summary>
        public static IEnumerable<KeyValuePair<string, object>> Entries => Values.Value ?? Enumerable.Empty<KeyValuePair<string, object>>();

        /// <summary>Never changed in place, so that a call can take it along as it is.</summary>
        internal static Dictionary<string, object>? Snapshot
        {
            get => Values.Value;
            set => Values.Value = value;
        }

        /// <summary>The value of a name, or null.</summary>
        public static object? Get(string key) => Values.Value is { } values && values.TryGetValue(key, out var value) ? value : null;

        /// <summary>Sets a value for the calls from here on.</summary>
        public static void Set(string key, object value) =>
            Values.Value = new Dictionary<string, object>(Values.Value ?? [], StringComparer.Ordinal) { [key] = value };

        /// <summary>Removes a value for the calls from here on; says whether there was one.</summary>
        public static bool Remove(string key)
        {
            if (Values.Value is not { } values || !values.ContainsKey(key))
                return false;
            var rest = new Dictionary<string, object>(values, StringComparer.Ordinal);
            rest.Remove(key);
            Values.Value = rest.Count == 0 ? null : rest;
            return true;
        }

        /// <summary>Removes all values for the calls from here on.</summary>
        public static void Clear() => Values.Value = null;
    }
}
