using System.Collections.Immutable;
using Media.Grains.Uploads;

namespace Media.Api.Permissions;

/// <summary>A permission's bytes inside the envelope: compact, as they travel in paths, and with a version in front.</summary>
internal static class PermissionFormat
{
    private const byte Version = 1;

    // The same bytes, for a bearer who is an administrator: a program that does not know of those turns it down.
    private const byte AdministratorVersion = 2;
    private const long NoLimit = -1;

    public static void Write(BinaryWriter writer, Permission permission, bool isAdministrator)
    {
        writer.Write(isAdministrator ? AdministratorVersion : Version);
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
    public static (Permission? Permission, bool IsAdministrator) Read(BinaryReader reader)
    {
        var version = reader.ReadByte();
        if (version is not (Version or AdministratorVersion))
            return default;

        var id = reader.ReadString();
        var user = reader.ReadString();
        var expiresAt = DateTimeOffset.FromUnixTimeMilliseconds(reader.Read7BitEncodedInt64());
        var maxSize = reader.Read7BitEncodedInt64();
        var maxFiles = Limit(reader.Read7BitEncodedInt64());
        var maxBytes = Limit(reader.Read7BitEncodedInt64());
        var types = ImmutableArray.CreateBuilder<string>(reader.Read7BitEncodedInt());
        for (var i = types.Capacity; i > 0; i--)
            types.Add(reader.ReadString());
        return (new Permission(id, user, types.MoveToImmutable(), maxSize, maxFiles, maxBytes, expiresAt), version == AdministratorVersion);
    }

    private static long? Limit(long value) => value == NoLimit ? null : value;
}
