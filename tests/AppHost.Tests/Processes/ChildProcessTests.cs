using Media.AppHost.Processes;
using Media.Tests.Support;

namespace Media.AppHost.Tests.Processes;

public sealed class ChildProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task StartAsync_ArgumentsWithSpacesAndQuotes_ArriveAsTheyAre()
    {
        await using var child = await ChildProcess.StartAsync(
            new ChildProcessOptions { Name = "printf", FileName = "printf", Arguments = ["%s|\n", "two words", "it's", "$HOME", ""] }, Cancel);

        Assert.Equal(0, await child.Exited.WaitAsync(Patience, Cancel));
        Assert.Equal(["two words|", "it's|", "$HOME|", "|"], child.Lines);
    }

    [Fact]
    public async Task StartAsync_ProgramThatIsNotThere_EndsWithItsName()
    {
        await using var child = await ChildProcess.StartAsync(new ChildProcessOptions { Name = "x", FileName = "/no/such/program" }, Cancel);

        Assert.NotEqual(0, await child.Exited.WaitAsync(Patience, Cancel));
        Assert.Contains(child.Lines, line => line.Contains("/no/such/program", StringComparison.Ordinal));
    }

    [Fact]
    public async Task StartAsync_EnvironmentVariableSetToNull_IsNotThere()
    {
        await using var child = await ChildProcess.StartAsync(
            Shell("echo \"${PATH_OF_TEST-none} ${ADDED-none}\"") with
            {
                Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["PATH_OF_TEST"] = null, ["ADDED"] = "yes" },
            },
            Cancel);

        Assert.Equal("none yes", await child.WaitForLineAsync(_ => true, Patience, Cancel));
    }

    [Fact]
    public async Task WaitForLineAsync_OutputEndsWithoutIt_SaysWhatWasPrinted()
    {
        await using var child = await ChildProcess.StartAsync(Shell("echo what went wrong >&2; exit 3"), Cancel);

        var error = await Assert.ThrowsAsync<EndOfStreamException>(() => child.WaitForLineAsync(line => line == "ready", Patience, Cancel));
        Assert.Contains("what went wrong", error.Message, StringComparison.Ordinal);
        Assert.Equal(3, await child.Exited);
    }

    [Fact]
    public async Task StopAsync_ChildThatIgnoresTheSignal_IsKilledWithWhatItStarted()
    {
        await using var child = await ChildProcess.StartAsync(Shell("trap '' TERM; sleep 600 & echo $!; wait; wait"), Cancel);
        var grandchild = int.Parse(await child.WaitForLineAsync(_ => true, Patience, Cancel), System.Globalization.CultureInfo.InvariantCulture);

        Assert.False(await child.StopAsync(TimeSpan.FromMilliseconds(200)));
        Assert.Equal(137, await child.Exited);
        await Eventually.TrueAsync(() => !Running.Is(grandchild), cancellationToken: Cancel);
    }

    [Fact]
    public async Task StopAsync_ChildThatHeedsTheSignal_EndsByItself()
    {
        await using var child = await ChildProcess.StartAsync(Shell("trap 'echo bye; exit 7' INT; echo up; while :; do sleep 0.05; done") with { StopSignal = UnixSignal.Interrupt }, Cancel);
        await child.WaitForLineAsync(line => line == "up", Patience, Cancel);

        Assert.True(await child.StopAsync(Patience));
        Assert.Equal(7, await child.Exited);
        Assert.Equal("bye", child.Lines[^1]);
    }

    [Fact]
    public async Task StartAsync_FromThreadsThatEnd_ChildrenLiveOn()
    {
        // A parent-death signal is sent when the forking thread ends: a child must not depend on its starter's thread.
        ChildProcess? child = null;
        var thread = new Thread(() => child = ChildProcess.StartAsync(Shell("echo up; exec sleep 600"), CancellationToken.None).GetAwaiter().GetResult());
        thread.Start();
        thread.Join();

        await using (child)
        {
            await child!.WaitForLineAsync(line => line == "up", Patience, Cancel);
            await using var later = await ChildProcess.StartAsync(Shell("exit 0"), Cancel);
            await later.Exited;
            Assert.True(Running.Is(child.Id));
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ChildProcessOptions Shell(string script) => new() { Name = "shell", FileName = "sh", Arguments = ["-c", script] };
}
