using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Media.AppHost.Processes;

namespace Media.Tests.Support;

/// <summary>
/// A RabbitMQ broker of its own, in a temporary folder and on ports of its own, with a port mapper (epmd) of its own beside it: nothing is shared with another
/// broker of this machine, and neither outlives the test process.
/// </summary>
public sealed class TestRabbitMq : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(120);

    // Debian's own script; the one on the path insists on an account and folders of its own.
    private static readonly string[] Programs = ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/sbin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server"];

    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _mapper;
    private readonly ChildProcessOptions _options;
    private ChildProcess _server;

    private TestRabbitMq(TemporaryFolder folder, ChildProcess mapper, ChildProcessOptions options, ChildProcess server, int port)
    {
        _folder = folder;
        _mapper = mapper;
        _options = options;
        _server = server;
        Port = port;
    }

    /// <summary>Why tests that need a broker are skipped here; null where they are run. Root can install one, and is told to.</summary>
    public static string? SkipReason =>
        Array.Exists(Programs, File.Exists) || Environment.IsPrivilegedProcess ? null : "RabbitMQ is not installed, and this is not root to install it.";

    /// <summary>Its port on 127.0.0.1, the same for as long as this object lives.</summary>
    public int Port { get; }

    /// <summary>What a client connects to.</summary>
    public string Uri => string.Create(CultureInfo.InvariantCulture, $"amqp://guest:guest@127.0.0.1:{Port}/");

    /// <summary>Starts a broker and waits until it takes connections.</summary>
    /// <exception cref="InvalidOperationException">There is no RabbitMQ on this machine.</exception>
    public static async Task<TestRabbitMq> StartAsync(CancellationToken cancellationToken = default)
    {
        var program = Array.Find(Programs, File.Exists)
            ?? throw new InvalidOperationException("RabbitMQ is not installed. Install it by: build/setup.sh rabbitmq");
        var folder = new TemporaryFolder();
        try
        {
            var account = await UnixAccount.ForUnprivilegedAsync(cancellationToken);
            var (port, mapperPort) = (FreePort.Next(), FreePort.Next());
            var mapper = await ChildProcess.StartAsync(
                new ChildProcessOptions { Name = "epmd", FileName = "epmd", Arguments = ["-port", Text(mapperPort), "-address", "127.0.0.1"], WorkingDirectory = "/", Account = account },
                cancellationToken);
            try
            {
                await WaitForPortAsync(mapper, mapperPort, cancellationToken);
                var options = await PrepareAsync(program, folder.Path("rabbitmq"), port, mapperPort, account, cancellationToken);
                return new TestRabbitMq(folder, mapper, options, await StartServerAsync(options, cancellationToken), port);
            }
            catch
            {
                await mapper.DisposeAsync();
                throw;
            }
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary><c>kill -9</c>. Its connections break; nothing listens on its port until <see cref="RestartAsync"/>.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Starts it again on the same port and the same data.</summary>
    public async Task RestartAsync(CancellationToken cancellationToken = default)
    {
        await _server.DisposeAsync();
        _server = await StartServerAsync(_options, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _mapper.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task<ChildProcessOptions> PrepareAsync(
        string program, string folder, int port, int mapperPort, UnixAccount? account, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var configuration = Path.Combine(folder, "rabbitmq.conf");
        await File.WriteAllTextAsync(
            configuration,
            $"""
            listeners.tcp.1 = 127.0.0.1:{Text(port)}
            log.console = true
            log.file = false
            disk_free_limit.absolute = 1MB

            """,
            cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "plugins"), "[].", cancellationToken);
        if (account is not null)
            await account.TakeAsync(folder, cancellationToken);
        return new ChildProcessOptions
        {
            Name = "rabbitmq",
            FileName = program,
            WorkingDirectory = "/",
            Account = account,
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal)
            {
                // The script becomes the server then, in place of watching over it, so that a kill is a kill.
                ["RUNNING_UNDER_SYSTEMD"] = "1",
                ["HOME"] = folder,
                ["ERL_EPMD_PORT"] = Text(mapperPort),
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["RABBITMQ_NODENAME"] = "media-test@localhost",
                ["RABBITMQ_DIST_PORT"] = Text(FreePort.Next()),
                ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "data"),
                ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
                ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
                ["RABBITMQ_CONFIG_FILE"] = configuration,
                ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(folder, "none"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "plugins"),
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
            },
        };
    }

    private static async Task<ChildProcess> StartServerAsync(ChildProcessOptions options, CancellationToken cancellationToken)
    {
        var server = await ChildProcess.StartAsync(options, cancellationToken);
        try
        {
            await server.WaitForLineAsync(line => line.Contains("Server startup complete", StringComparison.Ordinal), StartTime, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static Task WaitForPortAsync(ChildProcess process, int port, CancellationToken cancellationToken) => Eventually.TrueAsync(
        async () =>
        {
            if (process.HasExited)
                throw new InvalidOperationException($"{process.Name} ended:{Environment.NewLine}{string.Join(Environment.NewLine, process.Lines)}");
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        },
        cancellationToken: cancellationToken);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
