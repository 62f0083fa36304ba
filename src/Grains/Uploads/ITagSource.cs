using System.Security.Cryptography;

namespace Media.Grains.Uploads;

/// <summary>Where new tags come from.</summary>
public interface ITagSource
{
    /// <summary>A tag that nobody can guess.</summary>
    string Next();
}

/// <summary>Tags: 21 characters of <c>0-9A-Za-z</c>, 125 bits from the system's random source.</summary>
public sealed class RandomTagSource : ITagSource
{
    /// <inheritdoc/>
    public string Next() => RandomNumberGenerator.GetString(Tags.Alphabet, Tags.Length);
}

/// <summary>The form of tags and of the keys made of them.</summary>
public static class Tags
{
    /// <summary>Characters in a tag.</summary>
    public const int Length = 21;

    /// <summary>What a tag is made of.</summary>
    public const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Keys of objects that are being uploaded start with this.</summary>
    public const string KeyPrefix = "upload/";

    /// <summary>The object's key while it is uploaded.</summary>
    public static string ToKey(string tag) => KeyPrefix + tag;

    /// <summary>The tag of a key made by <see cref="ToKey"/>, or null for any other.</summary>
    public static string? FromKey(string? key) =>
        key is not null && key.StartsWith(KeyPrefix, StringComparison.Ordinal) && IsTag(key[KeyPrefix.Length..]) ? key[KeyPrefix.Length..] : null;

    /// <summary>Whether this has the form of a tag.</summary>
    public static bool IsTag(string? text) => text is { Length: Length } && text.All(char.IsAsciiLetterOrDigit);
}
