namespace Orleans.Configuration
{
    /// <summary>When activations end that nobody calls.</summary>
    public class GrainCollectionOptions
    {
        /// <summary>How often activations are looked through. A shorter one ends them closer to their age.</summary>
        public TimeSpan CollectionQuantum { get; set; } = TimeSpan.FromMinutes(1);
        /// <summary>How long an activation is kept without a call. Longer spares reads, shorter spares memory.</summary>
        public TimeSpan CollectionAge { get; set; } = TimeSpan.FromMinutes(15);
        /// <summary>Ages by the full name of the grain class, over <see cref="CollectionAge"/>.</summary>
        public Dictionary<string, TimeSpan> ClassSpecificCollectionAge { get; set; } = new(StringComparer.Ordinal);
        /// <summary>How long the first read and <c>OnActivateAsync</c> may take before their token is cancelled.</summary>
        public TimeSpan ActivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
        /// <summary>How long <c>OnDeactivateAsync</c> may take before its token is cancelled and the activation goes without it.</summary>
        public TimeSpan DeactivationTimeout { get; set; } = TimeSpan.FromSeconds(30);
    }

    /// <summary>Names the silo among others in the process.</summary>
    public class ClusterOptions
    {
        /// <summary>A client finds the silo with the same name.</summary>
        public string ClusterId { get; set; } = "default";
        /// <summary>Names the deployment over its whole life.</summary>
        public string ServiceId { get; set; } = "default";
    }

    /// <summary>Settings of a store in memory; none that the embedded runtime needs.</summary>
    public class MemoryGrainStorageOptions;
}

namespace Orleans.Embedded
{
    /// <summary>Of the embedded runtime alone: how many activations may be in memory.</summary>
    public sealed class EmbeddedActivationLimitOptions
    {
        /// <summary>
        /// Above it the idle activation that was longest without a call ends before a new one starts. Activations that are all busy may exceed it for a while.
        /// Null for no limit.
        /// </summary>
        public int? MaxActivations { get; set; }
    }
}
