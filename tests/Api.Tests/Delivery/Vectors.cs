using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using Media.Api.Delivery;

namespace Media.Api.Tests.Delivery;

/// <summary><c>deploy/cloudfront/vectors.json</c>, which the signer and both gates are held to.</summary>
internal static class Vectors
{
    private static readonly JsonNode File = JsonNode.Parse(System.IO.File.ReadAllText(Path.Combine(Folder, "vectors.json")))!;

    public static string Repository { get; } = FindRepository();

    public static string Folder => Path.Combine(FindRepository(), "deploy", "cloudfront");

    public static IReadOnlyList<string> HexSecrets { get; } = [.. File["secrets"]!.AsArray().Select(secret => (string)secret!)];

    public static IReadOnlyList<byte[]> Secrets { get; } = [.. HexSecrets.Select(Convert.FromHexString)];

    public static FrozenSet<string> Origins { get; } = File["origins"]!.AsArray().Select(origin => (string)origin!).ToFrozenSet(StringComparer.Ordinal);

    public static DateTimeOffset Now { get; } = DateTimeOffset.FromUnixTimeMilliseconds((long)File["now"]!);

    public static JsonArray Signatures => File["signatures"]!.AsArray();

    public static JsonArray Requests => File["requests"]!.AsArray();

    /// <summary>A vector's request as our own gate reads it.</summary>
    public static DeliveryRequest RequestOf(JsonNode vector) => new(
        (string)vector["method"]!, (string)vector["uri"]!, (string)vector["query"]!,
        vector["origin"] switch { null => null, JsonArray several => string.Join(',', several.Select(value => (string)value!)), var one => (string)one! },
        vector["referer"] switch { null or JsonArray => null, var one => (string)one! });

    /// <summary>A request as the edge's harness reads it.</summary>
    public static JsonObject ToEdge(in DeliveryRequest request, DateTimeOffset now) => new()
    {
        ["method"] = request.Method, ["uri"] = request.Uri, ["query"] = request.Query, ["origin"] = request.Origin, ["referer"] = request.Referer,
        ["now"] = now.ToUnixTimeMilliseconds(),
    };

    /// <summary>What a check is called in the vectors.</summary>
    public static string NameOf(DeliveryCheck check) => check == DeliveryCheck.None ? "accept" : JsonNamingPolicy.CamelCase.ConvertName(check.ToString());

    private static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Media.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests are not run from within the repository.");
    }
}
