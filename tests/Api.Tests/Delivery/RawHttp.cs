using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Media.Api.Tests.Delivery;

/// <summary>Sends a request line as it is written: a client of the framework would clean it first.</summary>
internal static class RawHttp
{
    /// <returns>The status, 0 where the connection was closed without an answer, and everything after the status line.</returns>
    public static async Task<(int Status, string Text)> SendAsync(Uri server, string method, string target, params (string Name, string Value)[] headers)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellationToken);
        var request = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n");
        foreach (var (name, value) in headers)
            request.Append(name).Append(": ").Append(value).Append("\r\n");
        var stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(request.Append("\r\n").ToString()), cancellationToken);
            await stream.CopyToAsync(answer, cancellationToken);
        }
        catch (IOException)
        {
            // Reset: what came before counts.
        }

        var text = Encoding.Latin1.GetString(answer.ToArray());
        return text.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? (int.Parse(text.AsSpan(9, 3), CultureInfo.InvariantCulture), text[12..]) : (0, text);
    }
}
