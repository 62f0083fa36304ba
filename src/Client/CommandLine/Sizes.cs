using System.Buffers;
using System.Globalization;

namespace Media.CommandLine;

/// <summary>Byte counts and times as people read and write them.</summary>
internal static class Sizes
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Reads <c>8388608</c>, <c>8M</c>, <c>8MiB</c> (binary), <c>8MB</c> (decimal).</summary>
    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var digits = text.AsSpan().IndexOfAnyExcept(Digits);
        var number = digits < 0 ? text : text[..digits];
        long unit = (digits < 0 ? "" : text[digits..].Trim().ToUpperInvariant()) switch
        {
            "" or "B" => 1,
            "K" or "KIB" => 1L << 10,
            "KB" => 1000,
            "M" or "MIB" => 1L << 20,
            "MB" => 1000_000,
            "G" or "GIB" => 1L << 30,
            "GB" => 1000_000_000,
            _ => 0,
        };
        if (unit == 0 || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) || value > long.MaxValue / 2 / unit)
            return false;
        bytes = (long)(value * unit);
        return bytes > 0;
    }

    public static string Bytes(double bytes)
    {
        var unit = 0;
        while (bytes >= 999.95 && unit < Units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes:0} B")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes:0.0} {Units[unit]}");
    }

    public static string Time(TimeSpan time) => time.TotalHours >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:00}");
}
