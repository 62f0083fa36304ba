using System.Text.Json;
using Amazon.S3;
using Amazon.S3.Model;

namespace Media.AppHost.Storage;

/// <summary>The bucket's rules, from the files in <c>deploy</c> that a real bucket is set up with.</summary>
internal static class BucketRules
{
    /// <summary><c>deploy/bucket-cors.json</c>, for the given origins.</summary>
    public static CORSConfiguration Cors(IReadOnlyList<string> origins)
    {
        using var file = Read("bucket-cors.json");
        return new CORSConfiguration
        {
            Rules =
            [
                .. file.RootElement.GetProperty("CORSRules").EnumerateArray().Select(rule => new CORSRule
                {
                    Id = rule.GetProperty("ID").GetString(),
                    AllowedOrigins = [.. origins],
                    AllowedMethods = Strings(rule, "AllowedMethods"),
                    AllowedHeaders = Strings(rule, "AllowedHeaders"),
                    ExposeHeaders = Strings(rule, "ExposeHeaders"),
                    MaxAgeSeconds = rule.GetProperty("MaxAgeSeconds").GetInt32(),
                }),
            ],
        };
    }

    /// <summary><c>deploy/bucket-lifecycle.json</c>.</summary>
    public static LifecycleConfiguration Lifecycle()
    {
        using var file = Read("bucket-lifecycle.json");
        return new LifecycleConfiguration
        {
            Rules =
            [
                .. file.RootElement.GetProperty("Rules").EnumerateArray().Select(rule => new LifecycleRule
                {
                    Id = rule.GetProperty("ID").GetString(),
                    Status = new LifecycleRuleStatus(rule.GetProperty("Status").GetString()),
                    Filter = new LifecycleFilter
                    {
                        LifecycleFilterPredicate = new LifecyclePrefixPredicate { Prefix = rule.GetProperty("Filter").GetProperty("Prefix").GetString() },
                    },
                    AbortIncompleteMultipartUpload = Days(rule, "AbortIncompleteMultipartUpload", "DaysAfterInitiation") is { } afterInitiation
                        ? new LifecycleRuleAbortIncompleteMultipartUpload { DaysAfterInitiation = afterInitiation }
                        : null,
                    Expiration = Days(rule, "Expiration", "Days") is { } days ? new LifecycleRuleExpiration { Days = days } : null,
                    NoncurrentVersionExpiration = Days(rule, "NoncurrentVersionExpiration", "NoncurrentDays") is { } noncurrentDays
                        ? new LifecycleRuleNoncurrentVersionExpiration { NoncurrentDays = noncurrentDays }
                        : null,
                }),
            ],
        };
    }

    private static JsonDocument Read(string name) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Rooms.Root, "deploy", name)));

    private static int? Days(JsonElement rule, string action, string property) =>
        rule.TryGetProperty(action, out var found) ? found.GetProperty(property).GetInt32() : null;

    private static List<string> Strings(JsonElement rule, string property) =>
        [.. rule.GetProperty(property).EnumerateArray().Select(value => value.GetString()!)];
}
