namespace Media.DevStorage.Metadata;

internal enum Versioning
{
    Unversioned,
    Enabled,
    Suspended,
}

/// <summary>The versions of one key, newest last.</summary>
internal sealed class KeyEntry
{
    private ObjectVersion[] _versions = [];

    public ReadOnlySpan<ObjectVersion> Versions => _versions;

    public bool IsEmpty => _versions.Length == 0;

    /// <summary>The newest version, which may be a delete marker.</summary>
    public ObjectVersion Newest => _versions[^1];

    /// <summary>The newest version unless it is a delete marker.</summary>
    public ObjectVersion? Current => IsEmpty || Newest.DeleteMarker ? null : Newest;

    public ObjectVersion? Find(string versionId)
    {
        foreach (var version in _versions)
        {
            if (string.Equals(version.VersionId, versionId, StringComparison.Ordinal))
                return version;
        }

        return null;
    }

    /// <summary>Gives what was replaced, if the version id was there already.</summary>
    public ObjectVersion? Put(ObjectVersion version, bool inPlace)
    {
        var old = Array.FindIndex(_versions, v => string.Equals(v.VersionId, version.VersionId, StringComparison.Ordinal));
        var replaced = old < 0 ? null : _versions[old];
        if (old >= 0 && (inPlace || old == _versions.Length - 1))
        {
            _versions[old] = version;
            return replaced;
        }

        _versions = old < 0 ? [.. _versions, version] : [.. _versions[..old], .. _versions[(old + 1)..], version];
        return replaced;
    }

    public ObjectVersion? Remove(string versionId)
    {
        var old = Array.FindIndex(_versions, v => string.Equals(v.VersionId, versionId, StringComparison.Ordinal));
        if (old < 0)
            return null;
        var removed = _versions[old];
        _versions = [.. _versions[..old], .. _versions[(old + 1)..]];
        return removed;
    }
}

/// <summary>A bucket as the catalog holds it in memory.</summary>
internal sealed class Bucket(string name, string owner, long created)
{
    public string Name { get; } = name;

    /// <summary>The access key that made it.</summary>
    public string Owner { get; } = owner;

    /// <summary>Milliseconds since 1970.</summary>
    public long Created { get; } = created;

    public Versioning Versioning { get; private set; }

    /// <summary>The sub-resources that were put, as XML, by their name in the query.</summary>
    public Dictionary<string, string> Configurations { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<CorsRule> Cors { get; private set; } = [];

    public IReadOnlyList<LifecycleRule> Lifecycle { get; private set; } = [];

    public IReadOnlyList<NotificationRule> Notifications { get; private set; } = [];

    /// <summary>True when new objects that ask for nothing are encrypted with the store's key.</summary>
    public bool EncryptsByDefault { get; private set; }

    public OrderedMap<KeyEntry> Objects { get; } = new();

    public Dictionary<string, UploadState> Uploads { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, CompletedUpload> Completed { get; } = new(StringComparer.Ordinal);

    public void Configure(string aspect, string? document)
    {
        if (document is null)
            Configurations.Remove(aspect);
        else
            Configurations[aspect] = document;
        var xml = document is null ? null : S3Xml.Parse(document);
        switch (aspect)
        {
            case BucketAspects.Cors:
                Cors = CorsRule.ReadAll(xml);
                break;
            case BucketAspects.Lifecycle:
                Lifecycle = LifecycleRule.ReadAll(xml);
                break;
            case BucketAspects.Notification:
                Notifications = NotificationRule.ReadAll(xml);
                break;
            case BucketAspects.Encryption:
                EncryptsByDefault = xml is not null;
                break;
            case BucketAspects.Versioning:
                Versioning = xml?.Text("Status") switch
                {
                    "Enabled" => Versioning.Enabled,
                    "Suspended" => Versioning.Suspended,
                    _ => Versioning.Unversioned,
                };
                break;
        }
    }
}

/// <summary>The sub-resources of a bucket that can be put, by their name in the query.</summary>
internal static class BucketAspects
{
    public const string Cors = "cors";
    public const string Lifecycle = "lifecycle";
    public const string Notification = "notification";
    public const string Encryption = "encryption";
    public const string Versioning = "versioning";
    public const string Tagging = "tagging";
}
