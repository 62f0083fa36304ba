using Media.Grains.Results;
using Media.Grains.Tests.Support;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

/// <summary>Forms for files in one piece, and checksums for parts.</summary>
public sealed class SigningTests(SessionCluster cluster) : IClassFixture<SessionCluster>, IDisposable
{
    private const long MiB = 1L << 20;
    private static readonly Caller Owner = new("u");
    private static readonly string Checksum = Convert.ToBase64String(new byte[32]);
    private readonly string tag = SessionCluster.NewTag();
    private readonly CancellationToken none = CancellationToken.None;

    private IUploadSessionGrain Session => cluster.Session(tag);

    public void Dispose()
    {
        cluster.Store.TakesChecksums = true;
        cluster.Unbend();
    }

    [Fact]
    public async Task Create_FormPreferred_IsSignedForExactlyTheFilesSize()
    {
        var opened = await CreateAsync(20_000, PartPlanner.Plan(20_000, null, 20_000), prefersForm: true);

        Assert.Equal(("20000", "20000"), (opened.Form!.Fields["min"], opened.Form.Fields["max"]));
        Assert.Empty(opened.Urls);
        var again = (await Session.SignFormAsync(new("u", "a"), none)).Value!;
        Assert.Equal(opened.Form.Fields, again.Fields);
    }

    [Fact]
    public async Task Create_FormNotPreferred_HasTheUrlOfAPut()
    {
        var opened = await CreateAsync(20_000, PartPlanner.Plan(20_000, null, 20_000));

        Assert.Null(opened.Form);
        Assert.Single(opened.Urls);
    }

    [Fact]
    public async Task Create_FormPreferredForAFileInParts_HasUrls()
    {
        var opened = await CreateAsync(20 * MiB, PartPlanner.Plan(20 * MiB, null, 8 * MiB), prefersForm: true);

        Assert.Null(opened.Form);
        Assert.Equal([1, 2, 3], opened.Urls.Select(url => url.Part));
        Assert.Equal(RefusalCode.WrongState, (await Session.SignFormAsync(Owner, none)).Refusal!.Code);
    }

    [Fact]
    public async Task Resume_FileIsThere_NeedsNoForm()
    {
        var opened = await CreateAsync(20_000, PartPlanner.Plan(20_000, null, 20_000), prefersForm: true);
        cluster.Store.PutObject(opened.Upload.Key, 20_000);

        var resumed = (await Session.ResumeAsync(SessionCluster.NewUpload(20_000) with { PrefersForm = true }, none)).Value!;

        Assert.Null(resumed.Form);
        Assert.Equal([1], resumed.Parts.Select(part => part.Part));
    }

    [Fact]
    public async Task SignForm_Aborted_IsRefused()
    {
        await CreateAsync(20_000, PartPlanner.Plan(20_000, null, 20_000), prefersForm: true);
        await Session.AbortAsync(Owner, none);

        Assert.Equal(RefusalCode.WrongState, (await Session.SignFormAsync(Owner, none)).Refusal!.Code);
        Assert.Equal(RefusalCode.NotYourUpload, (await Session.SignFormAsync(new("v"), none)).Refusal!.Code);
    }

    [Fact]
    public async Task SignParts_PlanWithChecksums_NeedsOneForEach()
    {
        var opened = await CreateAsync(20 * MiB, Checked(20 * MiB));

        Assert.Equal(PartChecksum.Sha256, opened.Upload.Plan.Checksum);
        Assert.Empty(opened.Urls);
        Assert.Contains("checksums", (await Session.SignPartsAsync(Owner, [1], none)).Refusal!.Errors.Keys);
        Assert.Equal(RefusalCode.InvalidPart, (await Session.SignCheckedPartsAsync(Owner, [new(4, Checksum)], none)).Refusal!.Code);
        var signed = (await Session.SignCheckedPartsAsync(new("u", "a"), [new(3, Checksum), new(1, Checksum)], none)).Value!.Parts;
        Assert.Equal([3, 1], signed.Select(part => part.Part));
        Assert.All(signed, part => Assert.EndsWith("&sha256=" + Checksum, part.Url, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Create_StoreWithoutChecksums_PlansNone()
    {
        cluster.Store.TakesChecksums = false;
        var opened = await CreateAsync(20 * MiB, Checked(20 * MiB));

        Assert.Equal(PartChecksum.None, opened.Upload.Plan.Checksum);
        Assert.Equal([1, 2, 3], opened.Urls.Select(url => url.Part));
        Assert.Contains("checksums", (await Session.SignCheckedPartsAsync(Owner, [new(1, Checksum)], none)).Refusal!.Errors.Keys);
        Assert.Equal(PartChecksum.None, (await Session.GetAsync(Owner, none)).Value!.Plan.Checksum);
    }

    [Fact]
    public async Task TakeLease_ByAnotherClient_IsToldToTheOneThatHadIt()
    {
        await CreateAsync(20 * MiB, Checked(20 * MiB));
        await Session.TakeLeaseAsync(new("u", "a"), takeOver: false, none);
        await Session.TakeLeaseAsync(new("u", "b"), takeOver: false, none);
        Assert.DoesNotContain(cluster.Signals.Takeovers, takeover => takeover.Tag == tag);

        await Session.TakeLeaseAsync(new("u", "b"), takeOver: true, none);

        Assert.Equal([(tag, "a")], cluster.Signals.Takeovers.Where(takeover => takeover.Tag == tag));
    }

    private static UploadPlan Checked(long size) => PartPlanner.Plan(size, null, 0) with { Checksum = PartChecksum.Sha256 };

    private async Task<OpenedUpload> CreateAsync(long size, UploadPlan plan, bool prefersForm = false) =>
        (await Session.CreateAsync(SessionCluster.NewUpload(size) with { PrefersForm = prefersForm }, plan, none)).Value!;
}
