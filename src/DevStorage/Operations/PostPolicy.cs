using System.Globalization;
using System.Text.Json;

namespace Media.DevStorage.Operations;

/// <summary>A POST policy: until when, and under which conditions, a form may be uploaded.</summary>
internal sealed class PostPolicy
{
    private readonly List<(string Operator, string Field, string Value)> _conditions = [];
    private DateTimeOffset _expiration;

    private PostPolicy()
    {
    }

    public long SmallestFile { get; private set; }

    public long LargestFile { get; private set; } = S3Limits.LargestPut;

    /// <exception cref="S3Exception"><c>InvalidPolicyDocument</c></exception>
    public static PostPolicy Parse(string base64)
    {
        try
        {
            using var json = JsonDocument.Parse(Convert.FromBase64String(base64));
            var policy = new PostPolicy();
            if (!DateTimeOffset.TryParse(
                json.RootElement.GetProperty("expiration").GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out policy._expiration))
            {
                throw Invalid("Invalid 'expiration' value");
            }

            foreach (var condition in json.RootElement.GetProperty("conditions").EnumerateArray())
                policy.Add(condition);
            return policy;
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw Invalid("Invalid Policy: Invalid JSON.");
        }
    }

    /// <summary>Holds a form to the policy: every condition must be met, and every field be spoken of.</summary>
    /// <param name="fields">The form's fields by lower-case name, the bucket among them, the file not.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="S3Exception"><c>AccessDenied</c></exception>
    public void Check(IReadOnlyDictionary<string, string> fields, DateTimeOffset now)
    {
        if (now > _expiration)
            throw S3Error.AccessDenied("Invalid according to Policy: Policy expired.");
        foreach (var (op, field, value) in _conditions)
        {
            var given = fields.GetValueOrDefault(field) ?? "";
            var holds = op == "eq"
                ? string.Equals(given, value, StringComparison.Ordinal)
                : StartsWith(field, given, value);
            if (!holds)
                throw S3Error.AccessDenied($"Invalid according to Policy: Policy Condition failed: [\"{op}\", \"${field}\", \"{value}\"]");
        }

        foreach (var field in fields.Keys)
        {
            if (field is "policy" or "x-amz-signature" or "bucket" || field.StartsWith("x-ignore-", StringComparison.Ordinal))
                continue;
            if (!_conditions.Exists(c => string.Equals(c.Field, field, StringComparison.Ordinal)))
                throw S3Error.AccessDenied($"Invalid according to Policy: Extra input fields: {field}");
        }
    }

    // A content type may be a list, each of which must begin so.
    private static bool StartsWith(string field, string given, string prefix) => field == "content-type"
        ? given.Split(',').All(type => type.StartsWith(prefix, StringComparison.Ordinal))
        : given.StartsWith(prefix, StringComparison.Ordinal);

    private void Add(JsonElement condition)
    {
        if (condition.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in condition.EnumerateObject())
                _conditions.Add(("eq", member.Name.ToLowerInvariant(), member.Value.GetString() ?? ""));
            return;
        }

        if (condition.GetArrayLength() != 3)
            throw Invalid("Invalid Policy: Invalid condition.");
        var op = condition[0].GetString()?.ToLowerInvariant();
        switch (op)
        {
            case "content-length-range":
                SmallestFile = Size(condition[1]);
                LargestFile = Math.Min(LargestFile, Size(condition[2]));
                break;
            case "eq" or "starts-with":
                var field = condition[1].GetString() ?? "";
                if (!field.StartsWith('$'))
                    throw Invalid("Invalid Policy: Invalid condition.");
                _conditions.Add((op, field[1..].ToLowerInvariant(), condition[2].GetString() ?? ""));
                break;
            default:
                throw Invalid("Invalid Policy: Invalid condition.");
        }
    }

    private static long Size(JsonElement size) => size.ValueKind == JsonValueKind.Number
        ? size.GetInt64()
        : long.Parse(size.GetString() ?? "", NumberStyles.None, CultureInfo.InvariantCulture);

    private static S3Exception Invalid(string message) => new(400, "InvalidPolicyDocument", message);
}
