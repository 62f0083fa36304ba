using System.Runtime.InteropServices;
using Media.AppHost.Dashboard;
using Media.AppHost.Resources;

namespace Media.AppHost;

/// <summary>Starts everything on this machine, watches it, and stops it in order.</summary>
internal static class Program
{
    private static async Task<int> Main(string[] args)
    {
        using var stopping = new CancellationTokenSource();
        using var signals = new StopSignals(stopping);
        try
        {
            var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
            await RunAsync(LocalSettings.Read(configuration), stopping.Token);
            return 0;
        }
        catch (Exception e) when (e is SettingsException or ResourceFailedException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return 0;
        }
    }

    private static async Task RunAsync(LocalSettings settings, CancellationToken stopping)
    {
        Directory.CreateDirectory(settings.DataFolder);
        using var folder = DataFolderLock.Take(settings.DataFolder);
        using var log = new HostLog(Path.Combine(settings.DataFolder, "logs"), Console.Out, TimeProvider.System);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        var resources = new LocalResources(settings, log, http);
        await PortCheck.EnsureFreeAsync(resources.Ports, TimeProvider.System, stopping);

        await using var orchestrator = new Orchestrator(resources.All, log, TimeProvider.System);
        await using var dashboard = await DashboardServer.StartAsync(settings, orchestrator, http, stopping);
        await orchestrator.StartAsync(stopping);

        await Console.Out.WriteLineAsync();
        await Console.Out.WriteLineAsync(StartedTable.Format(settings, resources));
        await Console.Out.WriteLineAsync();
        await Console.Out.WriteLineAsync($"ready {settings.PageUrl}");
        try
        {
            await Task.Delay(Timeout.Infinite, stopping);
        }
        catch (OperationCanceledException)
        {
            await Console.Out.WriteLineAsync("stopping …");
        }
    }

    /// <summary>The first signal stops everything in order; the second ends this at once, and the kernel ends the children.</summary>
    private sealed class StopSignals : IDisposable
    {
        private readonly PosixSignalRegistration[] _registrations;

        public StopSignals(CancellationTokenSource stopping) => _registrations =
        [
            .. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                if (stopping.IsCancellationRequested)
                    Environment.Exit(1);
                stopping.Cancel();
            })),
        ];

        public void Dispose()
        {
            foreach (var registration in _registrations)
                registration.Dispose();
        }
    }
}
