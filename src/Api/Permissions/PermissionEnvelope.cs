using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Media.Grains.Ports;
using Media.Grains.Uploads;
using Microsoft.AspNetCore.DataProtection;

namespace Media.Api.Permissions;

/// <summary>
/// Seals permissions with ASP.NET Core Data Protection, and opens them. Each kind has a purpose of its own, so one kind never passes for another.
/// The expiry is inside the seal: it is compared with the injected clock.
/// </summary>
internal sealed class PermissionEnvelope(IDataProtectionProvider provider, TimeProvider time)
{
    /// <summary>Purpose of permissions to upload.</summary>
    public const string UploadPurpose = "media.permission.upload.v1";

    /// <summary>Longest sealed permission that is looked at, in characters.</summary>
    public const int MaxLength = 4096;

    private readonly IDataProtector protector = provider.CreateProtector(UploadPurpose);

    /// <summary>Seals a permission into characters that need no escaping in a URL.</summary>
    /// <param name="permission">What to seal.</param>
    /// <param name="isAdministrator">Whether its bearer is an administrator.</param>
    /// <param name="renewableUntil">Until when it can be renewed; null for not at all.</param>
    public string Seal(Permission permission, bool isAdministrator = false, DateTimeOffset? renewableUntil = null)
    {
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, Encoding.UTF8, leaveOpen: true))
            PermissionFormat.Write(writer, permission, isAdministrator, renewableUntil);
        return Base64Url.EncodeToString(Guarded(protector.Protect, bytes.ToArray()));
    }

    /// <summary>Opens a sealed permission.</summary>
    public OpenedEnvelope Open(string text)
    {
        if (text.Length is 0 or > MaxLength || !Base64Url.IsValid(text))
            return OpenedEnvelope.Forged;

        OpenedEnvelope? opened;
        try
        {
            using var bytes = new MemoryStream(Guarded(protector.Unprotect, Base64Url.DecodeFromChars(text)));
            using var reader = new BinaryReader(bytes, Encoding.UTF8);
            opened = PermissionFormat.Read(reader);
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or IOException)
        {
            return OpenedEnvelope.Forged;
        }

        return opened is not { Permission: { } permission } ? OpenedEnvelope.Forged
            : permission.ExpiresAt <= time.GetUtcNow() ? new OpenedEnvelope(null, Expired: true)
            : opened.Value;
    }

    // Data Protection wraps whatever happens to it; that the key ring cannot be read does not make a permission a forgery.
    private static byte[] Guarded(Func<byte[], byte[]> operation, byte[] bytes)
    {
        try
        {
            return operation(bytes);
        }
        catch (Exception exception)
        {
            for (var cause = exception; cause is not null; cause = cause.InnerException)
            {
                if (cause is StorageUnavailableException)
                    throw cause == exception ? exception : new StorageUnavailableException("The key ring cannot be read.", exception);
            }

            throw;
        }
    }
}

/// <summary>What opening an envelope found.</summary>
/// <param name="Permission">The permission, where it is good.</param>
/// <param name="Expired">Whether it was good once.</param>
/// <param name="IsAdministrator">Whether it was sealed for an administrator.</param>
/// <param name="RenewableUntil">Until when it can be renewed, where it can.</param>
internal readonly record struct OpenedEnvelope(Permission? Permission, bool Expired, bool IsAdministrator = false, DateTimeOffset? RenewableUntil = null)
{
    public static OpenedEnvelope Forged => default;
}
