using Media.Silo.Thumbnails;
using Media.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.Thumbnails;

/// <summary>What a program gets to see, and what it may take.</summary>
public sealed class ToolSandboxTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_Environment_HasNothingOfOurs()
    {
        Environment.SetEnvironmentVariable("MEDIA_TEST_SECRET", "secret");
        using var programs = new Programs();

        var run = await RunAsync(programs.Script("/usr/bin/env; pwd; /bin/ls -A"));

        Assert.True(run.Succeeded, run.Error);
        var names = run.Output.Split('\n').Where(line => line.Contains('=', StringComparison.Ordinal)).Select(line => line.Split('=')[0]).Order(StringComparer.Ordinal);
        Assert.Equal(
            ["HOME", "LC_ALL", "MALLOC_ARENA_MAX", "PWD", "TEMP", "TMP", "TMPDIR", "VIPS_BLOCK_UNTRUSTED", "VIPS_CONCURRENCY", "VIPS_DISC_THRESHOLD"],
            names.Where(name => name is not ("_" or "OLDPWD" or "SHLVL")));
    }

    [Fact]
    public async Task Run_Limits_AreSet()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Limits are Linux's.");
        using var programs = new Programs();

        var run = await RunAsync(programs.Script("ulimit -v; ulimit -t; ulimit -f; ulimit -c"), options =>
        {
            options.MemoryLimit = 200L << 20;
            options.TimeLimit = TimeSpan.FromSeconds(7);
        });

        Assert.Equal("204800\n8\n32768\n0\n", run.Output);
    }

    [Theory]
    [InlineData("kill -TERM $$")]
    [InlineData("kill -INT $$")]
    [InlineData("kill -HUP $$")]
    [InlineData("echo 'Exiting normally, received signal 15.' >&2; exit 255")]
    public async Task Run_StoppedFromOutside_TellsNothingOfTheFile(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no signals.");
        using var programs = new Programs();

        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(programs.Script(script)));
    }

    [Fact]
    public async Task Run_OutputWithoutEnd_IsCutAndNotWaitedFor()
    {
        using var programs = new Programs();

        var run = await RunAsync(programs.Script("PATH=/usr/bin:/bin; head -c 10000000 /dev/zero | tr '\\0' x; yes | head -c 10000000 >&2; exit 7"));

        Assert.Equal(7, run.ExitCode);
        Assert.InRange(run.Output.Length, 1_000, 100_000);
        Assert.InRange(run.Error.Length, 1_000, 100_000);
    }

    [Fact]
    public async Task Run_Network_IsAnEmptyOneWhereTheSystemLetsUs()
    {
        var unshare = ProgramPath.Find("unshare");
        Assert.SkipWhen(unshare is null, "There is no unshare.");
        using var programs = new Programs();

        var run = await RunAsync(programs.Script("/bin/cat /proc/net/dev"), isolator: unshare);

        Assert.SkipUnless(run.Succeeded, $"No namespaces here: {run.Error}");
        Assert.Equal(["lo"], run.Output.Split('\n').Where(line => line.Contains(':', StringComparison.Ordinal)).Select(line => line.Split(':')[0].Trim()));
    }

    [Fact]
    public async Task Run_Cancelled_KillsIt()
    {
        using var programs = new Programs();
        using var cancellation = new CancellationTokenSource();
        var running = RunAsync(programs.Hanging(), cancellationToken: cancellation.Token);
        await programs.StartedAsync();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await programs.AssertAllEndedAsync();
    }

    [Theory]
    [InlineData(1, "VipsJpeg: Premature end\n", false, "unreadable", "Work failed: VipsJpeg: Premature end")]
    [InlineData(1, "a\nb\u0007c\n\n", false, "unreadable", "Work failed: b?c")]
    [InlineData(1, "", false, "unreadable", "Work ended with code 1.")]
    [InlineData(139, "", false, "unreadable", "Work ended with code 139.")]
    [InlineData(137, "", false, "out_of_memory", "Work took more than 1024 MiB of memory.")]
    [InlineData(1, "vips_tracked: out of memory --- size == 381MB\n", false, "out_of_memory", "Work took more than 1024 MiB of memory.")]
    [InlineData(137, "", true, "timeout", "Work took longer than 60 s.")]
    [InlineData(152, "", false, "timeout", "Work took longer than 60 s.")]
    public void ToFailure_EachEnd_IsNamed(int code, string error, bool timedOut, string reason, string detail) =>
        Assert.Equal(new ThumbnailFailure(reason, detail), new ToolRun(code, "", error, timedOut).ToFailure("Work", new ThumbnailOptions()));

    [Fact]
    public void WorkFolders_LeftByTheDead_AreDeletedAndOthersAreNot()
    {
        using var temporary = new TemporaryFolder();
        var options = Options.Create(new ThumbnailOptions { TemporaryFolder = temporary.FullName });
        using var living = new WorkFolders(options, NullLogger<WorkFolders>.Instance);
        var used = living.Create();
        File.WriteAllText(temporary.Path("media-thumbnails-dead.lock"), "");
        Directory.CreateDirectory(temporary.Path("media-thumbnails-dead/job"));
        File.WriteAllText(temporary.Path("media-thumbnails-dead/job/source"), "left");
        Directory.CreateDirectory(temporary.Path("another"));

        using (var next = new WorkFolders(options, NullLogger<WorkFolders>.Instance))
        {
            using var folder = next.Create();
            Assert.True(Directory.Exists(folder.FullName));
            Assert.False(Directory.Exists(temporary.Path("media-thumbnails-dead")));
            Assert.False(File.Exists(temporary.Path("media-thumbnails-dead.lock")));
            Assert.True(Directory.Exists(used.FullName));
        }

        used.Dispose();
        living.Dispose();
        Assert.Equal(["another"], Directory.EnumerateFileSystemEntries(temporary.FullName).Select(Path.GetFileName));
    }

    private static async Task<ToolRun> RunAsync(string program, Action<ThumbnailOptions>? configure = null, string? isolator = null, CancellationToken? cancellationToken = null)
    {
        using var temporary = new TemporaryFolder();
        var settings = new ThumbnailOptions { TemporaryFolder = temporary.FullName };
        configure?.Invoke(settings);
        var options = Options.Create(settings);
        using var folders = new WorkFolders(options, NullLogger<WorkFolders>.Instance);
        using var folder = folders.Create();
        return await new ToolSandbox(options, new ManualTimeProvider()).RunAsync(program, [], folder, isolator, cancellationToken ?? Token);
    }
}
