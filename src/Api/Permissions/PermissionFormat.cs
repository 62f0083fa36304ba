using System.Collections.Immutable;
using Media.Grains.Uploads;

namespace Media.Api.Permissions;

/// <summary>A permission's bytes inside the envelope: compact, as they travel in paths, and with a version in front.</summary>
internal static class PermissionFormat
{
    private const byte Version = 3;
    private const long NoLimit = -1;
    private const long NotRenewable = 0;

    public static void Write(BinaryWriter writer, Permission permission, bool isAdministrator, DateTimeOffset? renewableUntil)
    {
        writer.Write(Version);
        writer.Write(isAdministrator);
        writer.Write7BitEncodedInt64(renewableUntil?.ToUnixTimeMilliseconds() ?? NotRenewable);
        writer.Write(permission.Id);
        writer.Write(permission.User);
        writer.Write7BitEncodedInt64(permission.ExpiresAt.ToUnixTimeMilliseconds());
        writer.Write7BitEncodedInt64(permission.MaxSize);
        writer.Write7BitEncodedInt64(permission.MaxFiles ?? NoLimit);
        writer.Write7BitEncodedInt64(permission.MaxBytes ?? NoLimit);
        writer.Write7BitEncodedInt(permission.ContentTypes.Length);
        foreach (var type in permission.ContentTypes)
            writer.Write(type);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <returns>Null for a version that this program does not know.</returns>
    public static OpenedEnvelope? Read(BinaryReader reader)
    {
        if (reader.ReadByte() != Version)
            return null;

        var isAdministrator = reader.ReadBoolean();
        var renewableUntil = reader.Read7BitEncodedInt64();
        var id = reader.ReadString();
        var user = reader.ReadString();
        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.Read7BitEncodedInt64());
        var maxSize = reader.Read7BitEncodedInt64();
        var maxFiles = Limit(reader.Read7BitEncodedInt64());
        var maxBytes = Limit(reader.Read7BitEncodedInt64());
        var types = ImmutableArray.CreateBuilder<string>(reader.Read7BitEncodedInt());
        for (var i = types.Capacity; i > 0; i--)
            types.Add(reader.ReadString());
        var permission = new Permission(id, user, types.MoveToImmutable(), maxSize, maxFiles, maxBytes, expiresAt);
        return new OpenedEnvelope(
            permission, Expired: false, isAdministrator, renewableUntil == NotRenewable ? null : DateTimeOffset.FromUnixTimeMilliseconds(renewableUntil));
    }

    private static long? Limit(long value) => value == NoLimit ? null : value;
}
