namespace Orleans.Concurrency
{
    /// <summary>On a grain class: a call may start while others of the same activation await; they never run in parallel.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class ReentrantAttribute : Attribute;

    /// <summary>On a method of a grain interface: it may start while any other call awaits.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class AlwaysInterleaveAttribute : Attribute;

    /// <summary>On a method of a grain interface: it may start while other read-only calls await.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    public sealed class ReadOnlyAttribute : Attribute;
}

namespace Orleans
{
    /// <summary>Never changed after it was made, so it is passed on without a copy.</summary>
    [AttributeUsage(AttributeTargets.Struct | AttributeTargets.Class | AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter)]
    public sealed class ImmutableAttribute : Attribute;

    /// <summary>May cross a grain interface.</summary>
    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
    public sealed class GenerateSerializerAttribute : Attribute;

    /// <summary>The number of a member in what is sent and stored; never reused for another.</summary>
    [AttributeUsage(AttributeTargets.Field | AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Property | AttributeTargets.Method)]
    public sealed class IdAttribute(uint id) : Attribute
    {
        /// <summary>The number.</summary>
        public uint Id { get; } = id;
    }

    /// <summary>The name of a type or method in what is sent, so that the code's name can change.</summary>
    [AttributeUsage(AttributeTargets.Class | AttributeTargets.Interface | AttributeTargets.Struct | AttributeTargets.Enum | AttributeTargets.Method)]
    public sealed class AliasAttribute(string alias) : Attribute
    {
        /// <summary>The name.</summary>
        public string Alias { get; } = alias;
    }

    /// <summary>The name of a grain class in its identities, in place of the one made from the class's name.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public sealed class GrainTypeAttribute(string grainType) : Attribute
    {
        internal string Name => grainType;
    }

    /// <summary>On a grain class: how long its activations are kept without a call.</summary>
    [AttributeUsage(AttributeTargets.Class)]
    public class CollectionAgeLimitAttribute : Attribute
    {
        private readonly TimeSpan? _given;

        /// <summary>A limit given by the properties.</summary>
        public CollectionAgeLimitAttribute()
        {
        }

        /// <summary>A limit in <see cref="TimeSpan"/>'s format.</summary>
        public CollectionAgeLimitAttribute(string inactivityPeriod) =>
            _given = TimeSpan.Parse(inactivityPeriod, System.Globalization.CultureInfo.InvariantCulture);

        /// <summary>Days of the limit.</summary>
        public double Days { get; set; }

        /// <summary>Hours of the limit.</summary>
        public double Hours { get; set; }

        /// <summary>Minutes of the limit.</summary>
        public double Minutes { get; set; }

        /// <summary>Never collected for age.</summary>
        public bool AlwaysActive { get; set; }

        /// <summary>The limit, at least a minute.</summary>
        public TimeSpan AgeLimit
        {
            get
            {
                if (AlwaysActive)
                    return TimeSpan.MaxValue;
                var sum = _given ?? (TimeSpan.FromDays(Days) + TimeSpan.FromHours(Hours) + TimeSpan.FromMinutes(Minutes));
                return sum < TimeSpan.FromMinutes(1) ? TimeSpan.FromMinutes(1) : sum;
            }
        }
    }
}
