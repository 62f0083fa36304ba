using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Media.Client;

/// <summary>A permission: what a client that has no API key uploads with.</summary>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "The API's own word.")]
public sealed record Permission
{
    /// <summary>The sealed token, for <see cref="MediaClientOptions.Key"/>. Not for logs; <see cref="ToString"/> leaves it out.</summary>
    [JsonPropertyName("permission")]
    public required string Token { get; init; }

    /// <summary>When it stops working.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Whom it stands for.</summary>
    public required string User { get; init; }

    /// <summary>What it allows.</summary>
    public PermissionLimits? Limits { get; init; }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"permission of {User}, until {ExpiresAt:O}");
}

/// <summary>What a permission allows.</summary>
/// <param name="ContentTypes">Media types, with <c>*</c> for any.</param>
/// <param name="MaxSize">Largest file, in bytes.</param>
/// <param name="MaxFiles">How many files.</param>
/// <param name="MaxBytes">How many bytes in all.</param>
public sealed record PermissionLimits(IReadOnlyList<string>? ContentTypes, long? MaxSize, long? MaxFiles, long? MaxBytes);
