using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace Media.Silo.Postgres;

/// <summary>One numbered step of the schema, embedded in the program as <c>Postgres/Schema/NNN_name.sql</c>.</summary>
/// <param name="Number">From 1, without gaps.</param>
/// <param name="Name">The file's name without its number.</param>
/// <param name="Sql">Its statements.</param>
/// <param name="Checksum">SHA-256 of the statements, in hexadecimal.</param>
internal sealed record SchemaScript(int Number, string Name, string Sql, string Checksum)
{
    /// <summary>Makes a script of its text. Line ends do not count, so that a checkout on Windows has the same checksum.</summary>
    public static SchemaScript Create(int number, string name, string text)
    {
        var sql = text.ReplaceLineEndings("\n");
        return new(number, name, sql, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql))));
    }

    /// <summary>The scripts in this assembly, by number.</summary>
    public static IReadOnlyList<SchemaScript> LoadEmbedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string folder = ".Postgres.Schema.";
        var scripts = new List<SchemaScript>();
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            var at = resource.IndexOf(folder, StringComparison.Ordinal);
            if (at < 0) continue;
            var file = Path.GetFileNameWithoutExtension(resource[(at + folder.Length)..]);
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            scripts.Add(Create(int.Parse(file.AsSpan(0, 3), NumberStyles.None, CultureInfo.InvariantCulture), file[4..], reader.ReadToEnd()));
        }

        scripts.Sort(static (left, right) => left.Number.CompareTo(right.Number));
        return scripts;
    }
}
