using Orleans;

namespace Media.Grains.Allowances;

/// <summary>What is used of a permission.</summary>
[GenerateSerializer, Alias("media.allowance-state")]
public sealed class AllowanceState
{
    /// <summary>Files.</summary>
    [Id(0)]
    public long Files { get; set; }

    /// <summary>Bytes.</summary>
    [Id(1)]
    public long Bytes { get; set; }
}
