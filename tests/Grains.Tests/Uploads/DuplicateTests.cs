using System.Security.Cryptography;
using System.Text;
using Media.Fuji;
using Media.Grains.Contents;
using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Tests.Support;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

public sealed class DuplicateTests(SessionCluster cluster) : IClassFixture<SessionCluster>, IDisposable
{
    private const int Size = 3 << 20;
    private static readonly Caller Owner = new("u", "a");
    private readonly string tag = SessionCluster.NewTag();
    private readonly byte[] bytes = RandomNumberGenerator.GetBytes(Size);
    private readonly string pieceHash = Base32.Encode(RandomNumberGenerator.GetBytes(32));
    private readonly string tipHash = Base32.Encode(RandomNumberGenerator.GetBytes(32));
    private readonly CancellationToken none = CancellationToken.None;

    private IUploadSessionGrain Session => cluster.Session(tag);

    public void Dispose() => cluster.Unbend();

    [Fact]
    public async Task Create_OfStoredContent_OffersAChallengeAndAsksNothingOfTheStore()
    {
        Store();

        var opened = await CreateAsync();

        Assert.NotNull(opened.Challenge);
        Assert.Equal(UploadState.Created, opened.Upload.State);
        Assert.Null(opened.Upload.UploadId);
        Assert.Empty(opened.Urls);
        Assert.All(opened.Challenge.Ranges, range => Assert.InRange(range.End, range.Start + 1, Size));
    }

    [Fact]
    public async Task Answer_Right_IsADuplicateInTheCatalog()
    {
        Store();
        var opened = await CreateAsync();

        var answered = (await Session.AnswerChallengeAsync(Owner, DigestOf(opened.Challenge!), none)).Value!;

        Assert.Equal(UploadState.Duplicate, answered.Upload.State);
        Assert.Equal(pieceHash, answered.Upload.Actual!.PieceHash);
        Assert.True(cluster.Catalog.Files[tag].Duplicate);
        Assert.Equal(UploadState.Duplicate, (await Session.AnswerChallengeAsync(Owner, null, none)).Value!.Upload.State);
    }

    [Fact]
    public async Task Answer_Wrong_UploadsAndIsNotAskedAgain()
    {
        Store();
        var opened = await CreateAsync();
        var right = DigestOf(opened.Challenge!);

        var answered = (await Session.AnswerChallengeAsync(Owner, pieceHash, none)).Value!;
        var late = (await Session.AnswerChallengeAsync(Owner, right, none)).Value!;

        Assert.Equal(UploadState.Uploading, answered.Upload.State);
        Assert.NotEmpty(answered.Urls);
        Assert.Null(answered.Challenge);
        Assert.Equal(UploadState.Uploading, late.Upload.State);
        Assert.DoesNotContain(tag, cluster.Catalog.Files.Keys);
    }

    [Fact]
    public async Task Answer_AfterTheChallengeLapsed_Uploads()
    {
        Store();
        var opened = await CreateAsync();
        cluster.Time.Advance(new ContentOptions().ChallengeLifetime);

        var answered = (await Session.AnswerChallengeAsync(Owner, DigestOf(opened.Challenge!), none)).Value!;

        Assert.Equal(UploadState.Uploading, answered.Upload.State);
        Assert.NotEmpty(answered.Urls);
    }

    [Fact]
    public async Task Answer_WithTheDigestOfAnotherSession_Uploads()
    {
        Store();
        await CreateAsync();
        var other = SessionCluster.NewTag();
        var foreign = (await cluster.Session(other).CreateAsync(Wish("v"), Plan, none)).Value!;

        var answered = (await Session.AnswerChallengeAsync(Owner, DigestOf(foreign.Challenge!), none)).Value!;

        Assert.Equal(UploadState.Uploading, answered.Upload.State);
    }

    [Fact]
    public async Task Create_ByWhoHasTheContent_IsADuplicateAtOnce()
    {
        Store();
        var first = await CreateAsync();
        await Session.AnswerChallengeAsync(Owner, DigestOf(first.Challenge!), none);
        var second = SessionCluster.NewTag();

        var opened = (await cluster.Session(second).CreateAsync(Wish(), Plan, none)).Value!;

        Assert.Equal(UploadState.Duplicate, opened.Upload.State);
        Assert.Null(opened.Challenge);
        Assert.Contains(second, cluster.Catalog.Files.Keys);
    }

    [Fact]
    public async Task Create_ByWhoHasTheContentThatTheStoreLost_Uploads()
    {
        Store();
        var first = await CreateAsync();
        await Session.AnswerChallengeAsync(Owner, DigestOf(first.Challenge!), none);
        await cluster.Store.DeleteAsync(ContentKeys.Of(pieceHash), null, none);
        var second = cluster.Session(SessionCluster.NewTag());

        var opened = (await second.CreateAsync(Wish(), Plan, none)).Value!;
        var answered = (await second.AnswerChallengeAsync(Owner, null, none)).Value!;

        Assert.NotNull(opened.Challenge);
        Assert.Equal(UploadState.Uploading, answered.Upload.State);
    }

    [Fact]
    public async Task Answer_DiesAfterTheCatalogEntry_IsADuplicateTheNextTime()
    {
        Store();
        var digest = DigestOf((await CreateAsync()).Challenge!);
        cluster.Catalog.AfterAdd = () => throw new StorageUnavailableException();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Session.AnswerChallengeAsync(Owner, digest, none));
        cluster.Unbend();

        var aborted = await Session.AbortAsync(Owner, none);

        Assert.Equal(RefusalCode.WrongState, aborted.Refusal!.Code);
        Assert.Equal(UploadState.Duplicate, (await Session.GetAsync(Owner, none)).Value!.State);
    }

    [Fact]
    public async Task Resume_AfterTheContentWent_Uploads()
    {
        Store();
        await CreateAsync();
        cluster.Catalog.Delete(pieceHash);
        cluster.Time.Advance(new ContentOptions().ChallengeLifetime);

        var answered = (await Session.AnswerChallengeAsync(Owner, null, none)).Value!;

        Assert.Equal(UploadState.Uploading, answered.Upload.State);
    }

    [Fact]
    public async Task Create_OfAKnownTip_SaysThatItMayBeADuplicate()
    {
        Store();

        var opened = (await Session.CreateAsync(Wish() with { PieceHash = null }, Plan, none)).Value!;
        var resumed = (await Session.ResumeAsync(Wish(), none)).Value!;

        Assert.True(opened.PossibleDuplicate);
        Assert.NotEmpty(opened.Urls);
        Assert.NotNull(resumed.Challenge);
        Assert.NotEmpty(resumed.Urls);
    }

    [Fact]
    public async Task Create_WithTheTipOfAnotherFile_IsNotOfferedTheContent()
    {
        cluster.Catalog.Store(pieceHash, Base32.Encode(RandomNumberGenerator.GetBytes(32)), Size);

        Assert.Null((await CreateAsync()).Challenge);
    }

    [Fact]
    public async Task Complete_WithAnotherHashThanAnnounced_IsRefused()
    {
        var opened = await CreateAsync();
        cluster.Store.PutPart(opened.Upload.UploadId!, 1, Size);

        var refused = await Session.CompleteAsync(Owner, null, tipHash, none);

        Assert.Equal(RefusalCode.HashConflict, refused.Refusal!.Code);
        Assert.Equal(UploadState.Stored, (await Session.CompleteAsync(Owner, null, pieceHash, none)).Value!.State);
    }

    private static UploadPlan Plan => PartPlanner.Plan(Size, null, 0);

    private NewUpload Wish(string user = "u") => SessionCluster.NewUpload(Size, user: user) with { PieceHash = pieceHash, TipHash = tipHash };

    private async Task<OpenedUpload> CreateAsync() => (await Session.CreateAsync(Wish(), Plan, none)).Value!;

    private void Store()
    {
        var key = cluster.Catalog.Store(pieceHash, tipHash, Size).Key;
        cluster.Reader.Bytes[key] = bytes;
        cluster.Store.PutObject(key, Size);
    }

    // By the rule, not by the product's code.
    private string DigestOf(Challenge challenge)
    {
        var asked = new MemoryStream();
        asked.Write(Encoding.ASCII.GetBytes(challenge.Nonce));
        foreach (var range in challenge.Ranges)
            asked.Write(bytes.AsSpan((int)range.Start, (int)range.Length));
        return Base32.Encode(SHA256.HashData(asked.ToArray()));
    }
}
