using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Media.Silo.Tests.Postgres;

/// <summary>Stands between a client and a server, and loses what the test wants lost.</summary>
internal sealed class TcpProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, TcpClient> _pairs = new();
    private readonly int _target;
    private volatile bool _losesAnswers;
    private volatile bool _refuses;
    private volatile byte[]? _lastWords;

    public TcpProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>From now on what the server says is swallowed.</summary>
    public bool LosesAnswers
    {
        get => _losesAnswers;
        set => _losesAnswers = value;
    }

    /// <summary>Once a client has said this, what the server says is swallowed, its answer to this first.</summary>
    public void LoseAnswersFrom(string words) => _lastWords = Encoding.ASCII.GetBytes(words);

    /// <summary>From now on new connections are closed at once.</summary>
    public bool Refuses
    {
        get => _refuses;
        set => _refuses = value;
    }

    /// <summary>Cuts all connections.</summary>
    public void Cut()
    {
        foreach (var (client, server) in _pairs)
        {
            // Without a socket where the pair has ended by itself in between.
            client.Client?.Close(0);
            server.Dispose();
        }

        _pairs.Clear();
    }

    public void Dispose()
    {
        _listener.Dispose();
        Cut();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                if (_refuses) client.Client.Close(0);
                else _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        var server = new TcpClient();
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target);
            _pairs[client] = server;
            await Task.WhenAny(PumpAsync(client, server, answers: false), PumpAsync(server, client, answers: true));
        }
        catch (SocketException)
        {
        }
        finally
        {
            _pairs.TryRemove(client, out _);
            client.Dispose();
            server.Dispose();
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, bool answers)
    {
        var buffer = new byte[16_384];
        try
        {
            while (await from.GetStream().ReadAsync(buffer) is var count and > 0)
            {
                if (!answers && _lastWords is { } words && buffer.AsSpan(0, count).IndexOf(words) >= 0) (_losesAnswers, _lastWords) = (true, null);
                if (!answers || !_losesAnswers) await to.GetStream().WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }
}
