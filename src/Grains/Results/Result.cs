using System.Diagnostics.CodeAnalysis;
using Orleans;

namespace Media.Grains.Results;

/// <summary>A value, or the reason why there is none. Grains answer with this; exceptions are left to bugs and broken infrastructure.</summary>
/// <param name="Value">Set where <paramref name="Refusal"/> is null.</param>
/// <param name="Refusal">Set where the request was turned down.</param>
[GenerateSerializer, Immutable, Alias("media.result`1")]
public sealed record Result<T>(T? Value, Refusal? Refusal)
    where T : class
{
    /// <summary>Whether there is a value.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsSuccess => Refusal is null;

    /// <summary>Wraps a value.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "The constructor is the named alternative.")]
    public static implicit operator Result<T>(T value) => new(value, null);

    /// <summary>Wraps a refusal.</summary>
    [SuppressMessage("Usage", "CA2225", Justification = "The constructor is the named alternative.")]
    public static implicit operator Result<T>(Refusal refusal) => new(null, refusal);
}
