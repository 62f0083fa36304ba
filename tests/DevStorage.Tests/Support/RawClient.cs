using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Media.DevStorage.Tests.Support;

/// <summary>An answer as it came over the wire.</summary>
public sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Code => Between("<Code>", "</Code>");

    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    private string? Between(string start, string end)
    {
        var i = Text.IndexOf(start, StringComparison.Ordinal);
        var j = i < 0 ? -1 : Text.IndexOf(end, i, StringComparison.Ordinal);
        return j < 0 ? null : Text[(i + start.Length)..j];
    }
}

/// <summary>
/// Sends bytes over a socket of its own, so that paths, framing and lies go out as written, with a signer that shares no code with the
/// server.
/// </summary>
public sealed class RawClient(Uri endpoint, string accessKey, string secret) : IDisposable
{
    public Uri Endpoint => endpoint;

    public string Authority => endpoint.Authority;

    /// <summary>Signs in the header and sends.</summary>
    public Task<RawAnswer> SendAsync(
        string method,
        string target,
        byte[]? body = null,
        IEnumerable<(string Name, string Value)>? headers = null,
        string? payload = null,
        DateTimeOffset? at = null,
        string region = "us-east-1",
        string service = "s3",
        Action<SortedDictionary<string, string>>? afterSigning = null)
    {
        body ??= [];
        var time = at ?? TimeProvider.System.GetUtcNow();
        var all = Headers(headers, body.Length, time, payload ?? Hex(SHA256.HashData(body)));
        var (authorization, _) = Authorization(method, target, all, all["x-amz-content-sha256"], time, region, service);
        all["authorization"] = authorization;
        afterSigning?.Invoke(all);
        return WireAsync(method, target, all, body);
    }

    /// <summary>The seed signature and chunk signing key of a streaming upload, with its headers.</summary>
    public (SortedDictionary<string, string> Headers, string Seed, byte[] Key, DateTimeOffset Time, string Scope) Streaming(
        string method, string target, long wireLength, string payload, IEnumerable<(string Name, string Value)> headers)
    {
        var time = TimeProvider.System.GetUtcNow();
        var all = Headers(headers, wireLength, time, payload);
        var (authorization, seed) = Authorization(method, target, all, payload, time, "us-east-1", "s3");
        all["authorization"] = authorization;
        return (all, seed, SigningKey(time, "us-east-1", "s3"), time, $"{Day(time)}/us-east-1/s3/aws4_request");
    }

    public string Presign(string method, string path, int seconds, DateTimeOffset? at = null, params (string Name, string Value)[] query)
    {
        var time = at ?? TimeProvider.System.GetUtcNow();
        var all = new List<(string, string)>(query)
        {
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", $"{accessKey}/{Day(time)}/us-east-1/s3/aws4_request"),
            ("X-Amz-Date", Stamp(time)),
            ("X-Amz-Expires", seconds.ToString(CultureInfo.InvariantCulture)),
            ("X-Amz-SignedHeaders", "host"),
        };
        var target = path + "?" + string.Join('&', all.Select(p => $"{Uri.EscapeDataString(p.Item1)}={Uri.EscapeDataString(p.Item2)}"));
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["host"] = Authority };
        var (_, signature) = Authorization(method, target, headers, "UNSIGNED-PAYLOAD", time, "us-east-1", "s3");
        return target + "&X-Amz-Signature=" + signature;
    }

    /// <summary>Sends without signing.</summary>
    public Task<RawAnswer> UnsignedAsync(string method, string target, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["host"] = Authority };
        if (body is not null)
            all["content-length"] = body.Length.ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in headers)
            all[name.ToLowerInvariant()] = value;
        return WireAsync(method, target, all, body ?? []);
    }

    public Task<RawAnswer> WireAsync(string method, string target, IReadOnlyDictionary<string, string> headers, byte[] body)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\n");
        foreach (var (name, value) in headers)
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        head.Append("connection: close\r\n\r\n");
        return BytesAsync([.. Encoding.Latin1.GetBytes(head.ToString()), .. body], method == "HEAD");
    }

    /// <summary>
    /// Sends bytes as they are, and reads until the server closes; status 0 when it closed without an answer. When no answer has come after
    /// <paramref name="patience"/>, this end says that it has no more to send.
    /// </summary>
    public async Task<RawAnswer> BytesAsync(byte[] request, bool head = false, int seconds = 30, TimeSpan? patience = null)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Parse(endpoint.Host), endpoint.Port, deadline.Token);
        var stream = socket.GetStream();
        using var answer = new MemoryStream();
        try
        {
            var sending = stream.WriteAsync(request, deadline.Token);
            var receiving = stream.CopyToAsync(answer, deadline.Token);
            await sending;
            if (patience is { } wait && await Task.WhenAny(receiving, Task.Delay(wait, deadline.Token)) != receiving)
                socket.Client.Shutdown(SocketShutdown.Send);
            await receiving;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // The server may close before it has read all, and what it answered counts.
        }

        return Parse(answer.ToArray(), head);
    }

    public static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    public static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    public static string Day(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    public byte[] SigningKey(DateTimeOffset time, string region, string service)
    {
        var key = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var step in (string[])[Day(time), region, service, "aws4_request"])
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(step));
        return key;
    }

    public void Dispose()
    {
    }

    private SortedDictionary<string, string> Headers(
        IEnumerable<(string Name, string Value)>? given, long length, DateTimeOffset time, string payload)
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["host"] = Authority,
            ["x-amz-date"] = Stamp(time),
            ["x-amz-content-sha256"] = payload,
            ["content-length"] = length.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in given ?? [])
            all[name.ToLowerInvariant()] = value;
        return all;
    }

    private (string Header, string Signature) Authorization(
        string method, string target, SortedDictionary<string, string> headers, string payload, DateTimeOffset time, string region, string service)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        var query = question < 0 ? "" : string.Join('&', target[(question + 1)..].Split('&').Where(p => p.Length > 0)
            .Select(p => p.Contains('=', StringComparison.Ordinal) ? p : p + "=").Order(StringComparer.Ordinal));
        var names = string.Join(';', headers.Keys);
        var canonical = $"{method}\n{path}\n{query}\n{string.Concat(headers.Select(h => $"{h.Key}:{h.Value.Trim()}\n"))}\n{names}\n{payload}";
        var scope = $"{Day(time)}/{region}/{service}/aws4_request";
        var toSign = $"AWS4-HMAC-SHA256\n{Stamp(time)}\n{scope}\n{Hex(SHA256.HashData(Encoding.Latin1.GetBytes(canonical)))}";
        var signature = Hex(HMACSHA256.HashData(SigningKey(time, region, service), Encoding.UTF8.GetBytes(toSign)));
        return ($"AWS4-HMAC-SHA256 Credential={accessKey}/{scope}, SignedHeaders={names}, Signature={signature}", signature);
    }

    private static RawAnswer Parse(byte[] bytes, bool head)
    {
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        if (end < 0)
            return new RawAnswer(0, new Dictionary<string, string>(StringComparer.Ordinal), []);
        var lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        var status = int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture);
        if (status == 100)
            return Parse(bytes[(end + 4)..], head);
        var headers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon].ToLowerInvariant()] = line[(colon + 1)..].Trim();
        }

        return new RawAnswer(status, headers, head ? [] : bytes[(end + 4)..]);
    }
}
