using System.Security.Cryptography;
using System.Text;
using System.Xml;

namespace Media.DevStorage.Operations;

/// <summary>How an access key appears as an owner: by a canonical id that is 64 hex digits, as AWS's are.</summary>
internal static class Owners
{
    public static string CanonicalId(string accessKey) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(accessKey)));

    public static void Write(XmlWriter xml, string element, string accessKey) => xml.Element(element, owner =>
    {
        owner.Element("ID", CanonicalId(accessKey));
        owner.Element("DisplayName", accessKey);
    });
}
