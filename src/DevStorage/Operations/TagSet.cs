using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Media.DevStorage.Operations;

/// <summary>Tags of objects and buckets: at most 10 (50 on buckets), keys up to 128 characters, values up to 256.</summary>
internal static class TagSet
{
    public const int MostOnObject = 10;
    public const int MostOnBucket = 50;

    /// <summary>Parses <c>x-amz-tagging</c>, which is written like a query.</summary>
    /// <exception cref="S3Exception"><c>InvalidArgument</c>, <c>InvalidTag</c></exception>
    public static Dictionary<string, string> ParseHeader(string header)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in header.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            var key = Decode(equals < 0 ? pair : pair[..equals]);
            var value = equals < 0 ? "" : Decode(pair[(equals + 1)..]);
            Add(tags, key, value, () => S3Error.InvalidArgument(
                "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
                "x-amz-tagging",
                header));
        }

        return Counted(tags, MostOnObject);
    }

    /// <exception cref="S3Exception"><c>MalformedXML</c>, <c>InvalidTag</c>, <c>BadRequest</c></exception>
    public static Dictionary<string, string> ParseXml(XElement tagging, int most)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tag in (tagging.Child("TagSet") ?? throw S3Error.MalformedXml()).Children("Tag"))
        {
            var key = tag.Child("Key")?.Value ?? throw S3Error.MalformedXml();
            var value = tag.Child("Value")?.Value ?? throw S3Error.MalformedXml();
            Add(tags, key, value, () => S3Error.InvalidTag("Cannot provide multiple Tags with the same key"));
        }

        return Counted(tags, most);
    }

    public static void Write(XmlWriter xml, IReadOnlyDictionary<string, string>? tags) => xml.Element("TagSet", set =>
    {
        foreach (var (key, value) in tags ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            set.Element("Tag", tag =>
            {
                tag.Element("Key", key);
                tag.Element("Value", value);
            });
        }
    });

    private static void Add(Dictionary<string, string> tags, string key, string value, Func<S3Exception> twice)
    {
        if (key.Length is 0 or > 128)
            throw S3Error.InvalidTag("The TagKey you have provided is invalid");
        if (value.Length > 256)
            throw S3Error.InvalidTag("The TagValue you have provided is invalid");
        if (!IsAllowed(key))
            throw S3Error.InvalidTag("The TagKey you have provided is invalid");
        if (!IsAllowed(value))
            throw S3Error.InvalidTag("The TagValue you have provided is invalid");
        if (!tags.TryAdd(key, value))
            throw twice();
    }

    private static bool IsAllowed(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Rune.IsLetterOrDigit(rune) && !Rune.IsWhiteSpace(rune) && !(rune.IsAscii && "_.:/=+-@".Contains((char)rune.Value, StringComparison.Ordinal)))
                return false;
        }

        return true;
    }

    private static Dictionary<string, string> Counted(Dictionary<string, string> tags, int most) => tags.Count <= most
        ? tags
        : throw new S3Exception(400, "BadRequest", $"Object tags cannot be greater than {most}");

    private static string Decode(string text)
    {
        try
        {
            return UriEncoding.Decode(text, plusIsSpace: true);
        }
        catch (S3Exception)
        {
            throw S3Error.InvalidTag("The tag is not URL-encoded");
        }
    }
}
