using System.Collections.Immutable;
using Media.Grains.Uploads;

namespace Media.Api.Permissions;

/// <summary>Asks for a permission.</summary>
/// <param name="Password">An account's password; left out where an API key is in <c>Authorization</c>.</param>
/// <param name="PasswordKeys">Instead of the password, what each of the derivations makes of it, in base64.</param>
public sealed record PermissionRequest(string? Password, ImmutableArray<string>? PasswordKeys = null);

/// <summary>How a page makes keys of a password, instead of sending it.</summary>
/// <param name="Derivations">All that accounts use: one key is sent for each.</param>
public sealed record DerivationsAnswer(ImmutableArray<PasswordDerivation> Derivations);

/// <summary>A permission, and what it allows.</summary>
/// <param name="Permission">The sealed permission: a secret until it expires.</param>
/// <param name="ExpiresAt">When it ends.</param>
/// <param name="User">Whom uploads with it belong to.</param>
/// <param name="Limits">What it allows.</param>
/// <param name="RenewableUntil">Until when it can be renewed before it expires; null for not at all.</param>
public sealed record PermissionAnswer(string Permission, DateTimeOffset ExpiresAt, string User, PermissionLimits Limits, DateTimeOffset? RenewableUntil);

/// <summary>What a permission allows.</summary>
/// <param name="ContentTypes">Media types: <c>*/*</c>, <c>type/*</c> or exact.</param>
/// <param name="MaxSize">Largest file in bytes.</param>
/// <param name="MaxFiles">How many files in all, or null for no limit.</param>
/// <param name="MaxBytes">How many bytes in all, or null for no limit.</param>
public sealed record PermissionLimits(ImmutableArray<string> ContentTypes, long MaxSize, long? MaxFiles, long? MaxBytes)
{
    internal static PermissionLimits Of(Permission permission) => new(permission.ContentTypes, permission.MaxSize, permission.MaxFiles, permission.MaxBytes);
}
