using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Media.DevStorage.Xml;

/// <summary>The one place where XML is read and written.</summary>
internal static class S3Xml
{
    public const string Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    /// <summary>What every document begins with.</summary>
    public const string Declaration = """<?xml version="1.0" encoding="utf-8"?>""";

    // Keys may hold characters that XML 1.0 has no way to write; S3 writes them as references all the same.
    private static readonly XmlWriterSettings WriterSettings = new()
    {
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        CheckCharacters = false,
        NewLineHandling = NewLineHandling.Entitize,
        OmitXmlDeclaration = true,
    };

    private static readonly XmlReaderSettings ReaderSettings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        MaxCharactersInDocument = S3Limits.LargestDocument,
        CheckCharacters = false,
    };

    /// <exception cref="S3Exception"><c>MalformedXML</c></exception>
    public static XElement Parse(string document) => Load(() => XmlReader.Create(new StringReader(document), ReaderSettings));

    /// <exception cref="S3Exception"><c>MalformedXML</c></exception>
    public static XElement Parse(ReadOnlyMemory<byte> document, string root)
    {
        var element = Load(() => XmlReader.Create(new MemoryStream(document.ToArray()), ReaderSettings));
        return string.Equals(element.Name.LocalName, root, StringComparison.Ordinal) ? element : throw S3Error.MalformedXml();
    }

    /// <summary>Serialises a document with the given root element.</summary>
    public static byte[] Write(string root, Action<XmlWriter> content, bool withNamespace = true, bool withDeclaration = true)
    {
        using var stream = new MemoryStream();
        if (withDeclaration)
            stream.Write(Encoding.ASCII.GetBytes(Declaration));
        using (var xml = XmlWriter.Create(stream, WriterSettings))
        {
            if (withNamespace)
                xml.WriteStartElement(root, Namespace);
            else
                xml.WriteStartElement(root);
            content(xml);
            xml.WriteEndElement();
        }

        return stream.ToArray();
    }

    /// <summary>The first child of that name, in whatever namespace: clients differ in the one they declare.</summary>
    public static XElement? Child(this XElement element, string name) =>
        element.Elements().FirstOrDefault(e => string.Equals(e.Name.LocalName, name, StringComparison.Ordinal));

    public static IEnumerable<XElement> Children(this XElement element, string name) =>
        element.Elements().Where(e => string.Equals(e.Name.LocalName, name, StringComparison.Ordinal));

    public static string? Text(this XElement element, string name) => element.Child(name)?.Value.Trim();

    /// <exception cref="S3Exception"><c>MalformedXML</c>: there, and not a non-negative number.</exception>
    public static long? Number(this XElement element, string name)
    {
        if (element.Text(name) is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw S3Error.MalformedXml();
    }

    public static void Element(this XmlWriter xml, string name, string? value)
    {
        if (value is not null)
            xml.WriteElementString(name, value);
    }

    public static void Element(this XmlWriter xml, string name, long value) =>
        xml.WriteElementString(name, value.ToString(CultureInfo.InvariantCulture));

    public static void Element(this XmlWriter xml, string name, bool value) => xml.WriteElementString(name, value ? "true" : "false");

    public static void Element(this XmlWriter xml, string name, Action<XmlWriter> content)
    {
        xml.WriteStartElement(name);
        content(xml);
        xml.WriteEndElement();
    }

    /// <summary>Milliseconds since 1970 as S3 writes times in XML.</summary>
    public static string Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static XElement Load(Func<XmlReader> open)
    {
        try
        {
            using var reader = open();
            return XDocument.Load(reader).Root ?? throw S3Error.MalformedXml();
        }
        catch (Exception e) when (e is XmlException or DecoderFallbackException or ArgumentException)
        {
            throw S3Error.MalformedXml();
        }
    }
}
