using System.Collections.Immutable;
using Media.Grains.Uploads;

namespace Media.Api.Permissions;

/// <summary>Asks for a permission.</summary>
/// <param name="Password">An account's password; left out where an API key is in <c>Authorization</c>.</param>
public sealed record PermissionRequest(string? Password);

/// <summary>A permission, and what it allows.</summary>
/// <param name="Permission">The sealed permission: a secret until it expires.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="User">Whom uploads with it belong to.</param>
/// <param name="Limits">What it allows.</param>
public sealed record PermissionAnswer(string Permission, DateTimeOffset ExpiresAt, string User, PermissionLimits Limits);

/// <summary>What a permission allows.</summary>
/// <param name="ContentTypes">Media types: <c>*/*</c>, <c>type/*</c> or exact.</param>
/// <param name="MaxSize">Largest file in bytes.</param>
/// <param name="MaxFiles">How many files in all, or null for no limit.</param>
/// <param name="MaxBytes">How many bytes in all, or null for no limit.</param>
public sealed record PermissionLimits(ImmutableArray<string> ContentTypes, long MaxSize, long? MaxFiles, long? MaxBytes)
{
    internal static PermissionLimits Of(Permission permission) => new(permission.ContentTypes, permission.MaxSize, permission.MaxFiles, permission.MaxBytes);
}
