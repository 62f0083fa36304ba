using System.Xml.Linq;

namespace Media.DevStorage.Metadata;

/// <summary>One destination of a bucket's notification configuration.</summary>
internal sealed record NotificationRule(string Id, string Arn, IReadOnlyList<string> Events, string Prefix, string Suffix)
{
    private static readonly (string Element, string Arn)[] Kinds =
        [("QueueConfiguration", "Queue"), ("TopicConfiguration", "Topic"), ("CloudFunctionConfiguration", "CloudFunction")];

    /// <exception cref="S3Exception"><c>MalformedXML</c>, <c>InvalidArgument</c></exception>
    public static IReadOnlyList<NotificationRule> ReadAll(XElement? configuration)
    {
        var rules = new List<NotificationRule>();
        foreach (var (element, arn) in Kinds)
        {
            foreach (var rule in configuration?.Children(element) ?? [])
                rules.Add(Read(rule, arn));
        }

        return rules;
    }

    /// <param name="eventName">Without the leading <c>s3:</c>.</param>
    /// <param name="key">The object's key.</param>
    public bool Wants(string eventName, string key)
    {
        if (!key.StartsWith(Prefix, StringComparison.Ordinal) || !key.EndsWith(Suffix, StringComparison.Ordinal))
            return false;
        foreach (var pattern in Events)
        {
            var wanted = pattern.AsSpan(3);
            if (wanted.EndsWith("*") ? eventName.AsSpan().StartsWith(wanted[..^1]) : eventName.AsSpan().SequenceEqual(wanted))
                return true;
        }

        return false;
    }

    private static NotificationRule Read(XElement rule, string arnElement)
    {
        var arn = rule.Text(arnElement) ?? throw S3Error.MalformedXml();
        if (!arn.StartsWith("arn:", StringComparison.Ordinal))
            throw S3Error.InvalidArgument("The ARN could not be parsed", arnElement, arn);
        var events = rule.Children("Event").Select(e => e.Value.Trim()).ToList();
        if (events.Count == 0)
            throw S3Error.MalformedXml();
        foreach (var name in events)
        {
            if (!name.StartsWith("s3:", StringComparison.Ordinal))
                throw S3Error.InvalidArgument("The event is not supported for notifications", "Event", name);
        }

        string prefix = "", suffix = "";
        foreach (var filter in rule.Child("Filter")?.Child("S3Key")?.Children("FilterRule") ?? [])
        {
            var value = filter.Child("Value")?.Value ?? "";
            switch (filter.Text("Name")?.ToLowerInvariant())
            {
                case "prefix":
                    prefix = value;
                    break;
                case "suffix":
                    suffix = value;
                    break;
                default:
                    throw S3Error.InvalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", filter.Text("Name"));
            }
        }

        return new NotificationRule(rule.Text("Id") ?? "", arn, events, prefix, suffix);
    }
}
