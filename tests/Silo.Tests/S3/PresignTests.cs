using System.Globalization;
using System.Text;
using System.Web;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using FsCheck;
using FsCheck.Fluent;
using Media.Silo.S3;

namespace Media.Silo.Tests.S3;

/// <summary>Our presigned URLs against the SDK's: the same parameters, values and signature for the same instant.</summary>
public sealed class PresignTests
{
    private const string AccessKey = "AKIAIOSFODNN7EXAMPLE";
    private const string SecretKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    private static readonly string[] KeyPieces =
        ["a", "Z", "0", "/", "//", " ", "+", "%", "%20", "%2F", "'", "\"", "(", ")", "!", "*", "~", ".", "-", "_", "é", "ß", "漢字", "🙂", "&", "=", "?", "#", ":", "@", "$", ",", ";", "[", "]", "{", "}", "|", "\\", "^", "`", "<", ">", "\t", "x.y", "/./", "/../", "e\u0301"];

    private static Gen<string> Text(string[] pieces, int most) =>
        Gen.Choose(1, most).SelectMany(count => Gen.ArrayOf(Gen.Elements(pieces), count)).Select(string.Concat);

    private static Gen<Case> Cases() =>
        from key in Text(KeyPieces, 12)
        from uploadId in Text([.. KeyPieces, "2~abcDEF", "._-", "VXBsb2FkIElE"], 8)
        from part in Gen.Choose(1, 10_000)
        from seconds in Gen.OneOf(Gen.Choose(1, 604_800), Gen.Elements(1, 604_800, 3_600))
        from token in Gen.OneOf(Gen.Constant((string?)null), Text(["IQoJb3JpZ2luX2Vj", "/", "+", "=", "A", "//"], 30).Select(text => (string?)text))
        from address in Gen.Elements(Enum.GetValues<Address>())
        from whole in Gen.Elements(true, false)
        from contentType in Gen.Elements(null, "application/octet-stream", "text/plain; charset=utf-8", "video/mp4", "a/b;  c=\"d  e\"")
        from checksum in Gen.Elements(null, "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=")
        from length in Gen.Elements<long?>(null, 0, 1, 5L << 30)
        select new Case(Trimmable(key), uploadId, part, seconds, token, address, whole, contentType, checksum, length);

    // The SDK refuses a blank key, and drops a slash that a key begins with: its URL is for another object.
    private static string Trimmable(string key) => string.IsNullOrWhiteSpace(key) || key[0] == '/' ? "k" + key : key;

    public enum Address
    {
        Path,
        PathDefaultPort,
        VirtualHost,
        Aws,
        AwsPath,
        Accelerate,
    }

    public sealed record Case(
        string Key, string UploadId, int Part, int Seconds, string? Token, Address Address, bool Whole, string? ContentType, string? Checksum, long? Length);

    [Fact]
    public void Sign_AnyRequest_IsTheSdksUrl() =>
        Prop.ForAll(Arb.From(Cases()), static value => Compare(value)).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));

    private static bool Compare(Case value)
    {
        var options = Options(value);
        using var connection = new S3Connection(Microsoft.Extensions.Options.Options.Create(options));
        var request = new GetPreSignedUrlRequest
        {
            BucketName = options.Bucket,
            Key = value.Key,
            Verb = HttpVerb.PUT,
            Expires = DateTime.MaxValue,
        };
        var headers = new List<KeyValuePair<string, string>>();
        if (!value.Whole) (request.UploadId, request.PartNumber) = (value.UploadId, value.Part);
        if (value.ContentType is not null)
        {
            request.ContentType = value.ContentType;
            headers.Add(new("Content-Type", value.ContentType));
        }

        if (value.Checksum is not null)
        {
            request.Headers["x-amz-checksum-sha256"] = value.Checksum;
            headers.Add(new("x-amz-checksum-sha256", value.Checksum));
        }

        if (value.Length is { } length)
        {
            request.Headers["Content-Length"] = length.ToString(CultureInfo.InvariantCulture);
            headers.Add(new("Content-Length", length.ToString(CultureInfo.InvariantCulture)));
        }

        request.Protocol = options.Endpoint is { Scheme: "http" } ? Protocol.HTTP : Protocol.HTTPS;
        var theirs = "";
        // The SDK takes "now" from its own clock and counts the lifetime from it, so a second may pass in between.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            request.Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(value.Seconds);
            theirs = connection.Client.GetPreSignedURL(request);
            // The SDK signs the encoded upload id and then writes it into the URL as it is, which no store could verify where that differs.
            if (!value.Whole) theirs = theirs.Replace($"uploadId={value.UploadId}", $"uploadId={Uri.EscapeDataString(value.UploadId)}", StringComparison.Ordinal);
            if (Query(theirs)["X-Amz-Expires"] == value.Seconds.ToString(CultureInfo.InvariantCulture)) break;
        }

        var parameters = Query(theirs);
        var instant = DateTimeOffset.ParseExact(parameters["X-Amz-Date"], "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
        var lifetime = TimeSpan.FromSeconds(int.Parse(parameters["X-Amz-Expires"], CultureInfo.InvariantCulture));
        var presigner = new SigV4Presigner(connection.PublicBucketAddress, options.Region);
        var ours = presigner
            .Prepare(new SigningCredentials(AccessKey, SecretKey, value.Token), instant, lifetime, value.Key, value.Whole ? null : value.UploadId, [.. headers])
            .Sign(value.Whole ? null : value.Part);
        Assert.Equal(Normal(theirs), Normal(ours));
        return true;
    }

    private static S3Options Options(Case value)
    {
        var options = new S3Options { AccessKey = AccessKey, SecretKey = SecretKey, SessionToken = value.Token, Bucket = "bucket-1" };
        switch (value.Address)
        {
            case Address.Path:
                options.Endpoint = new Uri("http://127.0.0.1:9000");
                options.ForcePathStyle = true;
                break;
            case Address.PathDefaultPort:
                options.Endpoint = new Uri("https://s3.example.org");
                options.ForcePathStyle = true;
                options.Region = "garage";
                break;
            case Address.VirtualHost:
                options.Endpoint = new Uri("http://s3.example.org:8333");
                break;
            case Address.Aws:
                options.Region = "eu-central-1";
                break;
            case Address.AwsPath:
                options.ForcePathStyle = true;
                break;
            case Address.Accelerate:
                options.Accelerate = true;
                break;
        }

        return options;
    }

    private static SortedDictionary<string, string> Query(string url) =>
        new(url[(url.IndexOf('?', StringComparison.Ordinal) + 1)..].Split('&').ToDictionary(pair => pair.Split('=')[0], pair => pair.Split('=', 2)[1]), StringComparer.Ordinal);

    private static string Normal(string url) =>
        url[..url.IndexOf('?', StringComparison.Ordinal)] + "\n" + string.Join("\n", Query(url).Select(pair => $"{pair.Key}={pair.Value}"));
}
