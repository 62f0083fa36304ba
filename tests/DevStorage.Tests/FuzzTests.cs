using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Media.DevStorage.Tests.Support;

namespace Media.DevStorage.Tests;

/// <summary>
/// Mutated requests: none is answered with an internal error, none hangs, none leaves a file outside of the data folder.
/// <c>DEVSTORAGE_FUZZ</c> says how many (a few thousand by default), <c>DEVSTORAGE_FUZZ_SEED</c> where to begin.
/// </summary>
public sealed class FuzzTests(StorageServer server) : IClassFixture<StorageServer>
{
    private static readonly string[] Methods = ["GET", "PUT", "POST", "HEAD", "DELETE", "OPTIONS", "PATCH", "get", "X"];

    private static readonly string[] Parameters =
    [
        "uploads", "uploadId", "partNumber", "list-type", "prefix", "delimiter", "max-keys", "marker", "start-after", "continuation-token", "versions",
        "versionId", "key-marker", "version-id-marker", "upload-id-marker", "max-parts", "part-number-marker", "max-uploads", "encoding-type", "delete",
        "cors", "lifecycle", "notification", "versioning", "encryption", "tagging", "attributes", "location", "response-content-type", "X-Amz-Expires",
        "X-Amz-Signature", "acl", "policy",
    ];

    private static readonly string[] Headers =
    [
        "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "content-md5", "content-type", "content-encoding",
        "x-amz-copy-source", "x-amz-copy-source-range", "x-amz-checksum-crc32", "x-amz-checksum-sha256", "x-amz-checksum-algorithm", "x-amz-checksum-type",
        "x-amz-trailer", "x-amz-decoded-content-length", "x-amz-tagging", "x-amz-meta-a", "x-amz-storage-class", "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-customer-algorithm", "x-amz-server-side-encryption-customer-key", "x-amz-metadata-directive", "x-amz-object-attributes",
        "x-amz-max-parts", "x-amz-mp-object-size", "origin", "access-control-request-method", "access-control-request-headers", "expect", "cache-control",
    ];

    private static readonly string[] Values =
    [
        "", "0", "1", "-1", "10001", "99999999999999999999", "true", "url", "2", "*", "\"x\"", "bytes=0-", "bytes=-0", "bytes=5-2", "bytes=9223372036854775807-",
        "AES256", "aws:kms", "CRC32", "SHA256", "COMPOSITE", "FULL_OBJECT", "AAAAAA==", "====", "a=b&c=d", "%", "%00", "%ff", "../../etc/passwd", "fuzz/k", "/fuzz/k?versionId=null",
        "é", "Fri, 01 Jan 2100 00:00:00 GMT", "REPLACE", "aws-chunked", "x-amz-checksum-crc32", "ETag,Checksum,ObjectParts", "gzip,aws-chunked", "null", "100-continue", "\t",
        "multipart/form-data; boundary=b", "multipart/form-data", "bytes=0-0",
    ];

    private static readonly string[] Documents =
    [
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>",
        "<Delete><Object><Key>k</Key></Object><Quiet>true</Quiet></Delete>",
        "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><MaxAgeSeconds>1</MaxAgeSeconds></CORSRule></CORSConfiguration>",
        "<LifecycleConfiguration><Rule><Status>Enabled</Status><Filter><Prefix>p</Prefix></Filter><Expiration><Days>9</Days></Expiration></Rule></LifecycleConfiguration>",
        "<NotificationConfiguration><QueueConfiguration><Queue>arn:aws:sqs:a:0:q</Queue><Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>",
        "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
        "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>",
        "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><Delete/>",
        "5\r\nhello\r\n0\r\n\r\n", "5;chunk-signature=0\r\nhello\r\n0;chunk-signature=0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "ffffffffffffffff\r\n",
        "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx\r\n--b--\r\n",
    ];

    private static readonly string[] Payloads =
    [
        "UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    ];

    private static readonly string[] Keys =
        ["k", "", "a//b", "../x", "%2e%2e/%2e%2e/x", "..%2f..%2fx", "%00", "%", "é", "%F0%9F%98%80", "%ff", "./.", "k?k", "k#k", "a b", "..\\x"];

    [Fact]
    public async Task MutatedRequests_Many_AreAnsweredWithoutAnInternalError()
    {
        await server.S3.PutBucketAsync("fuzz");
        await server.PutAsync("fuzz", "k", [1, 2, 3]);
        var upload = await server.BeginAsync("fuzz", "k");
        await server.PartAsync("fuzz", "k", upload, 1, [1]);
        var count = int.Parse(Environment.GetEnvironmentVariable("DEVSTORAGE_FUZZ") ?? "2500", CultureInfo.InvariantCulture);
        var seed = int.Parse(Environment.GetEnvironmentVariable("DEVSTORAGE_FUZZ_SEED") ?? Environment.TickCount.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) =>
        {
            var random = new Random(seed + n);
            var request = await (random.Next(3) == 0 ? BytesAsync(random, upload) : SignedAsync(random, upload));
            Assert.True(
                request.Answer.Status is < 500 or 501 or 503 or 505, $"seed {seed + n}: {request.Sent} was answered with {request.Answer.Status} {request.Answer.Text}");
        });

        var parent = Path.GetDirectoryName(server.Options.Data)!;
        Assert.Equal([server.Options.Data], Directory.GetFileSystemEntries(parent));
        Assert.Equal(200, (await server.Raw.SendAsync("GET", "/")).Status);
    }

    // A right request, with bytes changed, dropped, doubled or cut.
    private async Task<(string Sent, RawAnswer Answer)> BytesAsync(Random random, string upload)
    {
        var url = server.Raw.Presign("PUT", "/fuzz/k", 600, null, ("partNumber", "1"), ("uploadId", upload));
        var bytes = Encoding.ASCII.GetBytes(
            $"PUT {url} HTTP/1.1\r\nhost: {server.Raw.Authority}\r\ncontent-length: 5\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nhello").ToList();
        for (var change = random.Next(1, 6); change > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.Skip(at).Take(random.Next(20)).ToList());
                    break;
                case 3:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(Values[random.Next(Values.Length)]));
                    break;
                default:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
            }
        }

        var sent = bytes.ToArray();
        return (Encoding.Latin1.GetString(sent), await server.Raw.BytesAsync(sent, patience: TimeSpan.FromMilliseconds(300)));
    }

    // A nonsensical request, signed rightly, so that it gets past the door.
    private async Task<(string Sent, RawAnswer Answer)> SignedAsync(Random random, string upload)
    {
        string Any(string[] from) => from[random.Next(from.Length)];
        var method = random.Next(8) == 0 ? Any(Methods) : Methods[random.Next(5)];
        var target = new StringBuilder(random.Next(20) == 0 ? "/" : "/fuzz");
        if (random.Next(3) > 0)
            target.Append('/').Append(random.Next(2) == 0 ? "k" : Any(Keys));
        var query = new List<string>();
        for (var n = random.Next(4); n > 0; n--)
        {
            var name = Any(Parameters);
            var value = name == "uploadId" && random.Next(2) == 0 ? upload : Any(Values);
            query.Add(random.Next(4) == 0 ? name : $"{name}={Uri.EscapeDataString(value)}");
        }

        if (query.Count > 0)
            target.Append('?').AppendJoin('&', query);
        var headers = new List<(string, string)>();
        for (var n = random.Next(4); n > 0; n--)
            headers.Add((Any(Headers), Any(Values)));
        var document = Mutate(random, Any(Documents));
        var body = random.Next(3) == 0 ? [] : Encoding.UTF8.GetBytes(document);
        if (random.Next(3) > 0)
            headers.Add(("content-md5", Convert.ToBase64String(MD5.HashData(body))));
        var payload = random.Next(3) == 0 ? Any(Payloads) : null;
        if (payload is not null)
            headers.Add(("x-amz-decoded-content-length", random.Next(10).ToString(CultureInfo.InvariantCulture)));
        var sent = $"{method} {target} {string.Join(", ", headers)} {payload} {document}";
        return (sent, await server.Raw.SendAsync(method, target.ToString(), body, headers, payload));
    }

    private static string Mutate(Random random, string text)
    {
        var result = new StringBuilder(text);
        for (var change = random.Next(4); change > 0 && result.Length > 1; change--)
        {
            var at = random.Next(result.Length);
            switch (random.Next(4))
            {
                case 0:
                    result.Remove(at, Math.Min(random.Next(8), result.Length - at));
                    break;
                case 1:
                    result.Insert(at, Values[random.Next(Values.Length)]);
                    break;
                case 2:
                    result[at] = (char)random.Next(1, 0x2000);
                    break;
                default:
                    result.Insert(at, text[random.Next(text.Length)..]);
                    break;
            }
        }

        return result.ToString();
    }
}
