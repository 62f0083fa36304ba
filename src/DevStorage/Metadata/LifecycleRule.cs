using System.Globalization;
using System.Xml.Linq;

namespace Media.DevStorage.Metadata;

/// <summary>One rule of a bucket's lifecycle configuration. Transitions between storage classes are refused when they are put.</summary>
internal sealed record LifecycleRule
{
    public string Id { get; init; } = "";

    public bool Enabled { get; init; }

    public string Prefix { get; init; } = "";

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    public long? LargerThan { get; init; }

    public long? SmallerThan { get; init; }

    public long? ExpirationDays { get; init; }

    public DateTimeOffset? ExpirationDate { get; init; }

    /// <summary>Delete markers with nothing behind them are removed.</summary>
    public bool ExpiredDeleteMarkers { get; init; }

    public long? NoncurrentDays { get; init; }

    public long NewerNoncurrentVersions { get; init; }

    public long? AbortDays { get; init; }

    /// <exception cref="S3Exception"><c>MalformedXML</c>, <c>InvalidRequest</c>, <c>InvalidArgument</c>, <c>NotImplemented</c></exception>
    public static IReadOnlyList<LifecycleRule> ReadAll(XElement? configuration)
    {
        if (configuration is null)
            return [];
        var rules = configuration.Children("Rule").Select(Read).ToList();
        if (rules.Count is 0 or > 1000)
            throw S3Error.MalformedXml();
        if (rules.Select(r => r.Id).Where(id => id.Length > 0).Distinct(StringComparer.Ordinal).Count() != rules.Count(r => r.Id.Length > 0))
            throw S3Error.InvalidArgument("RuleId must be unique.", "ID", null);
        return rules;
    }

    /// <summary>True when the rule's filter takes in an object.</summary>
    public bool Covers(string key, long size, IReadOnlyDictionary<string, string>? tags) =>
        key.StartsWith(Prefix, StringComparison.Ordinal)
        && !(size <= LargerThan)
        && !(size >= SmallerThan)
        && Tags.All(t => tags is not null && tags.TryGetValue(t.Key, out var value) && string.Equals(value, t.Value, StringComparison.Ordinal));

    private static LifecycleRule Read(XElement rule)
    {
        if (rule.Child("Transition") is not null || rule.Child("NoncurrentVersionTransition") is not null)
            throw S3Error.NotImplemented("A lifecycle transition");
        var status = rule.Text("Status");
        if (status is not ("Enabled" or "Disabled"))
            throw S3Error.MalformedXml();
        var filter = rule.Child("Filter");
        var and = filter?.Child("And") ?? filter;
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in and?.Children("Tag") ?? [])
            tags[tag.Text("Key") ?? throw S3Error.MalformedXml()] = tag.Text("Value") ?? "";
        var expiration = rule.Child("Expiration");
        var noncurrent = rule.Child("NoncurrentVersionExpiration");
        var abort = rule.Child("AbortIncompleteMultipartUpload");
        if (expiration is null && noncurrent is null && abort is null)
            throw S3Error.InvalidRequest("At least one action needs to be specified in a rule");
        if (abort is not null && (tags.Count > 0 || and?.Child("ObjectSizeGreaterThan") is not null || and?.Child("ObjectSizeLessThan") is not null))
            throw S3Error.InvalidRequest("AbortIncompleteMultipartUpload cannot be specified with Tags or object sizes.");
        return new LifecycleRule
        {
            Id = rule.Text("ID") ?? "",
            Enabled = string.Equals(status, "Enabled", StringComparison.Ordinal),
            Prefix = and?.Child("Prefix")?.Value ?? rule.Child("Prefix")?.Value ?? "",
            Tags = tags,
            LargerThan = and?.Number("ObjectSizeGreaterThan"),
            SmallerThan = and?.Number("ObjectSizeLessThan"),
            ExpirationDays = Days(expiration, "Days"),
            ExpirationDate = Date(expiration),
            ExpiredDeleteMarkers = string.Equals(expiration?.Text("ExpiredObjectDeleteMarker"), "true", StringComparison.OrdinalIgnoreCase),
            NoncurrentDays = noncurrent is null ? null : Days(noncurrent, "NoncurrentDays") ?? throw S3Error.MalformedXml(),
            NewerNoncurrentVersions = noncurrent?.Number("NewerNoncurrentVersions") ?? 0,
            AbortDays = abort is null ? null : Days(abort, "DaysAfterInitiation") ?? throw S3Error.MalformedXml(),
        };
    }

    private static long? Days(XElement? action, string name) => action?.Number(name) switch
    {
        null => null,
        0 or > int.MaxValue => throw S3Error.InvalidArgument($"'{name}' for lifecycle actions must be a positive integer", name, null),
        var days => days,
    };

    private static DateTimeOffset? Date(XElement? expiration)
    {
        if (expiration?.Text("Date") is not { } text)
            return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date
            : throw S3Error.MalformedXml();
    }
}
