using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Media.DevStorage.Operations;

/// <summary>PostObject: an HTML form that carries a signed policy instead of a signature over the request.</summary>
internal sealed class PostObjects(
    Store store, Authenticator authenticator, BodyReceiver receiver, WriteObjects write, Background.Notifier notifier, Faults.FaultSwitch faults)
{
    private const int FieldsSize = 64 * 1024;
    private const int MostFields = 100;

    public bool Handles(HttpRequest request, RequestTarget target) =>
        HttpMethods.IsPost(request.Method) && target.Bucket is not null && target.Key is null && request.HasFormContentType;

    public async Task PostAsync(HttpContext http, RequestTarget target)
    {
        var fault = await faults.ApplyAsync(http, "PostObject", target);
        var reader = new MultipartReader(BoundaryOf(http.Request), http.Request.Body) { HeadersLengthLimit = 8 * 1024 };
        var (fields, file, fileName) = await ReadFieldsAsync(reader, http.RequestAborted);
        fields["bucket"] = target.Bucket!;
        await StoreAsync(http, target, fields, new PostedFile(file), fileName, fault);
        if (fault is { LoseAnswer: true })
            http.Abort();
    }

    private async Task StoreAsync(
        HttpContext http, RequestTarget target, Dictionary<string, string> fields, Stream file, string fileName, Faults.FaultRule? fault)
    {
        var policyText = fields.GetValueOrDefault("policy") ?? throw S3Error.AccessDenied();
        var accessKey = authenticator.AuthenticatePolicy(
            policyText,
            Required(fields, "x-amz-algorithm"),
            Required(fields, "x-amz-credential"),
            Required(fields, "x-amz-date"),
            Required(fields, "x-amz-signature"),
            fields.GetValueOrDefault("x-amz-security-token"));
        var key = (fields.GetValueOrDefault("key") ?? throw S3Error.InvalidArgument("Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.", "key", null))
            .Replace("${filename}", fileName, StringComparison.Ordinal);
        if (key.Length == 0)
            throw S3Error.InvalidArgument("User key must have a length greater than 0.", "key", key);
        if (Encoding.UTF8.GetByteCount(key) is var size and > S3Limits.LongestKey)
            throw S3Error.KeyTooLong(size);
        fields["key"] = key;
        var policy = PostPolicy.Parse(policyText);
        policy.Check(fields, store.Options.Time.GetUtcNow());

        var byDefault = store.Catalog.Read(view =>
        {
            var bucket = view.Bucket(target.Bucket!);
            RequestPipeline.RequireOwner(bucket, accessKey);
            return bucket.EncryptsByDefault;
        });
        var request = new S3Request(http, target.WithKey(key), new Authentication(accessKey, Presigned: false, PayloadKind.Unsigned))
        {
            Form = fields,
            Fault = fault,
        };
        var properties = PropertiesReader.Read(request);
        if (fields.TryGetValue("tagging", out var tagging))
            properties = properties with { Tags = TagSet.ParseXml(S3Xml.Parse(tagging), TagSet.MostOnObject) };
        var encryption = EncryptionRequest.ForWrite(request, byDefault);
        properties = encryption.ApplyTo(properties);
        var claims = BodyClaims.Of(request);
        using var body = await receiver.ReceiveAsync(
            file, policy.LargestFile, claims.Algorithm ?? WriteObjects.WantedChecksum(request), encryption.NewDataKey(store), request.Aborted);
        if (body.Size < policy.SmallestFile)
        {
            throw new S3Exception(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
            {
                Details =
                [
                    ("ProposedSize", body.Size.ToString(CultureInfo.InvariantCulture)),
                    ("MinSizeAllowed", policy.SmallestFile.ToString(CultureInfo.InvariantCulture)),
                ],
            };
        }

        claims.CheckMd5(Convert.FromHexString(body.Md5));
        if (claims.Algorithm is not null)
            claims.CheckChecksum(body.ChecksumValue!, trailer: null);
        var version = await write.CommitAsync(request.Bucket, key, body, properties, static _ => { });
        await AnswerAsync(request, version, fields);
        notifier.Raise(request, "ObjectCreated:Post", version);
    }

    private static async Task AnswerAsync(S3Request request, ObjectVersion version, Dictionary<string, string> fields)
    {
        var http = request.Http.Request;
        var location = $"{http.Scheme}://{http.Host}/{request.Bucket}/{UriEncoding.Encode(version.Key, keepSlash: true)}";
        request.SetETag(version.ETag);
        WriteObjects.DescribeVersion(request, version.VersionId);
        WriteObjects.DescribeChecksum(request, version.Checksum);
        EncryptionRequest.Describe(request, version.Properties.Encryption, version.Properties.CustomerKeyMd5);
        var redirect = fields.GetValueOrDefault("success_action_redirect") ?? fields.GetValueOrDefault("redirect");
        if (redirect is not null && Uri.TryCreate(redirect, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https")
        {
            var query = $"bucket={UriEncoding.Encode(request.Bucket)}&key={UriEncoding.Encode(version.Key)}&etag=%22{version.ETag}%22";
            request.SetHeader("Location", uri.AbsoluteUri + (uri.Query.Length == 0 ? "?" : "&") + query);
            await request.AnswerEmptyAsync(303);
            return;
        }

        request.SetHeader("Location", location);
        switch (fields.GetValueOrDefault("success_action_status"))
        {
            case "200":
                await request.AnswerEmptyAsync();
                break;
            case "201":
                request.Response.StatusCode = 201;
                await request.AnswerXmlAsync("PostResponse", xml =>
                {
                    xml.Element("Location", location);
                    xml.Element("Bucket", request.Bucket);
                    xml.Element("Key", version.Key);
                    xml.Element("ETag", $"\"{version.ETag}\"");
                });
                break;
            default:
                await request.AnswerEmptyAsync(204);
                break;
        }
    }

    // All fields come before the file; what comes after it is not looked at.
    private static async Task<(Dictionary<string, string> Fields, Stream File, string FileName)> ReadFieldsAsync(
        MultipartReader reader, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadSectionsAsync(reader, cancellationToken);
        }
        catch (Exception e) when (PostedFile.IsMalformed(e))
        {
            throw Malformed();
        }
    }

    private static async Task<(Dictionary<string, string> Fields, Stream File, string FileName)> ReadSectionsAsync(
        MultipartReader reader, CancellationToken cancellationToken)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var size = 0;
        while (await reader.ReadNextSectionAsync(cancellationToken) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition))
                throw Malformed();
            var name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString().ToLowerInvariant();
            if (name == "file")
            {
                var fileName = HeaderUtilities.RemoveQuotes(disposition.FileNameStar.HasValue ? disposition.FileNameStar : disposition.FileName).ToString();
                return (fields, section.Body, fileName[(fileName.LastIndexOfAny(['/', '\\']) + 1)..]);
            }

            using var text = new StreamReader(section.Body, Encoding.UTF8);
            var buffer = new char[FieldsSize - size + 1];
            var read = await text.ReadBlockAsync(buffer, cancellationToken);
            size += read;
            if (size > FieldsSize || fields.Count >= MostFields)
                throw new S3Exception(400, "MaxPostPreDataLengthExceededError", "Your POST request fields preceding the upload file were too large.");
            fields[name] = new string(buffer, 0, read);
        }

        throw S3Error.InvalidArgument("POST requires exactly one file upload per request.", "file", "0");
    }

    private static string BoundaryOf(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            || HeaderUtilities.RemoveQuotes(type.Boundary).ToString() is not { Length: > 0 and <= 200 } boundary)
        {
            throw Malformed();
        }

        return boundary;
    }

    private static string Required(Dictionary<string, string> fields, string name) =>
        fields.GetValueOrDefault(name) ?? throw S3Error.InvalidArgument($"Bucket POST must contain a field named '{name}'.", name, null);

    public static S3Exception Malformed() =>
        new(400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.");
}
