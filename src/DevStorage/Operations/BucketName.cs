using System.Net;

namespace Media.DevStorage.Operations;

/// <summary>The naming rules of general purpose buckets.</summary>
internal static class BucketName
{
    public static bool IsValid(string name)
    {
        if (name.Length is < 3 or > 63 || !char.IsAsciiLetterOrDigit(name[0]) || !char.IsAsciiLetterOrDigit(name[^1]))
            return false;
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterLower(c) && !char.IsAsciiDigit(c) && c != '-' && c != '.')
                return false;
        }

        return !name.Contains("..", StringComparison.Ordinal)
            && !(name.Count(c => c == '.') == 3 && IPAddress.TryParse(name, out _))
            && !name.StartsWith("xn--", StringComparison.Ordinal)
            && !name.EndsWith("-s3alias", StringComparison.Ordinal);
    }
}
