using Media.Grains.Ports;
using Media.Grains.Results;
using Media.Grains.Tests.Support;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Uploads;

public sealed class UploadSessionGrainTests(SessionCluster cluster) : IClassFixture<SessionCluster>, IDisposable
{
    private const long MiB = 1L << 20;
    private const long Size = 20 * MiB;
    private static readonly Caller Owner = new("u");
    private readonly string tag = SessionCluster.NewTag();
    private readonly CancellationToken none = CancellationToken.None;

    private IUploadSessionGrain Session => cluster.Session(tag);

    public void Dispose() => cluster.Unbend();

    [Fact]
    public async Task Create_Multipart_StartsOneInTheStoreAndSignsTheFirstParts()
    {
        var opened = await CreateAsync();

        Assert.Equal(UploadState.Uploading, opened.Upload.State);
        Assert.Contains(opened.Upload.UploadId, cluster.Store.UploadIds);
        Assert.Equal([1, 2, 3], opened.Urls.Select(url => url.Part));
        Assert.Equal([UploadState.Created, UploadState.Uploading], opened.Upload.History.Select(change => change.State));
        Assert.Equal("a", opened.Upload.Lease!.ClientId);
    }

    [Fact]
    public async Task SignParts_TenThousandParts_WritesNothing()
    {
        await CreateAsync(size: 10_000 * 8 * MiB, partSize: 8 * MiB);
        var before = cluster.Storage.Writes;

        for (var from = 1; from <= 10_000; from += 1_000)
        {
            var signed = await Session.SignPartsAsync(new("u", "a"), [.. Enumerable.Range(from, 1_000)], none);
            Assert.Equal(1_000, signed.Value!.Parts.Length);
        }

        Assert.Equal(before, cluster.Storage.Writes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(-1)]
    public async Task SignParts_OutsideThePlan_IsRefused(int part)
    {
        await CreateAsync();

        Assert.Equal(RefusalCode.InvalidPart, (await Session.SignPartsAsync(Owner, [part], none)).Refusal!.Code);
    }

    [Fact]
    public async Task Complete_AllPartsThere_IsStoredAndTheSameAgain()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);

        var first = await Session.CompleteAsync(Owner, null, null, none);
        var second = await Session.CompleteAsync(Owner, null, null, none);

        Assert.Equal(UploadState.Stored, first.Value!.State);
        Assert.Equal(first.Value.CompletedAt, second.Value!.CompletedAt);
        Assert.Equal(first.Value.ETag, second.Value.ETag);
        Assert.Equal([1, 2, 3, 4], first.Value.History.Select(change => change.Sequence));
    }

    [Fact]
    public async Task Complete_PartsMissing_NamesThemAndCanBeDoneLater()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 2);

        var early = await Session.CompleteAsync(Owner, null, null, none);
        PutParts(opened.Upload.UploadId!, 1, 3);
        var late = await Session.CompleteAsync(Owner, null, null, none);

        Assert.Equal([1, 3], early.Refusal!.Parts);
        Assert.True(late.IsSuccess);
    }

    [Fact]
    public async Task Complete_StoreLosesTheAnswer_NextTryEndsStored()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);
        cluster.Store.After = operation => FailOn(operation, "complete");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Session.CompleteAsync(Owner, null, null, none));
        cluster.Store.After = _ => { };

        Assert.Equal(UploadState.Stored, (await Session.CompleteAsync(Owner, null, null, none)).Value!.State);
    }

    [Fact]
    public async Task Complete_DatabaseDiesBetweenTheStoreAndTheRecord_NextTryEndsStored()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);
        cluster.Store.After = operation =>
        {
            if (operation == "complete")
                cluster.Storage.BeforeWrite = () => throw new StorageUnavailableException();
        };
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Session.CompleteAsync(Owner, null, null, none));
        var between = (await Session.GetAsync(Owner, none)).Value!.State;
        cluster.Store.After = _ => { };
        cluster.Storage.BeforeWrite = () => { };

        Assert.Equal(UploadState.Completing, between);
        Assert.Equal(UploadState.Stored, (await Session.CompleteAsync(Owner, null, null, none)).Value!.State);
    }

    [Fact]
    public async Task Sweep_CompletionThatWasCutOff_IsFinished()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);
        cluster.Store.Before = operation => FailOn(operation, "complete");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Session.CompleteAsync(Owner, null, null, none));
        cluster.Store.Before = _ => { };

        await Session.SweepAsync(none);
        var early = (await Session.GetAsync(Owner, none)).Value!.State;
        cluster.Time.Advance(cluster.Options.CompletionRetry);
        await Session.SweepAsync(none);

        Assert.Equal(UploadState.Completing, early);
        Assert.Equal(UploadState.Stored, (await Session.GetAsync(Owner, none)).Value!.State);
    }

    [Fact]
    public async Task Sweep_CompletionOfSomePartsThatWasCutOff_IsFinishedWithThem()
    {
        var opened = (await Session.CreateAsync(SessionCluster.NewUpload(null), PartPlanner.Open, none)).Value!;
        var uploadId = opened.Upload.UploadId!;
        foreach (var part in new[] { 1, 2, 3 })
            cluster.Store.PutPart(uploadId, part, PartPlanner.MinPartSize, $"\"{part}\"");
        cluster.Store.Before = operation => FailOn(operation, "complete");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => Session.CompleteAsync(Owner, [new NamedPart(1, "1"), new NamedPart(3, "3")], null, none));
        cluster.Store.Before = _ => { };
        cluster.Store.PutPart(uploadId, 4, PartPlanner.MinPartSize);

        cluster.Time.Advance(cluster.Options.CompletionRetry);
        await Session.SweepAsync(none);

        var upload = (await Session.GetAsync(Owner, none)).Value!;
        Assert.Equal((UploadState.Stored, 2L * PartPlanner.MinPartSize), (upload.State, upload.Size));
    }

    [Fact]
    public async Task Complete_PartReplacedMeanwhile_GoesBackToUploadingAndSaysSo()
    {
        var opened = await CreateAsync();
        var uploadId = opened.Upload.UploadId!;
        PutParts(uploadId, 1, 2, 3);
        cluster.Store.Before = operation =>
        {
            if (operation == "complete")
                cluster.Store.PutPart(uploadId, 2, 8 * MiB, "\"replaced\"");
        };

        var refused = await Session.CompleteAsync(Owner, null, null, none);
        cluster.Store.Before = _ => { };

        Assert.Equal(RefusalCode.PartChanged, refused.Refusal!.Code);
        Assert.Equal(UploadState.Uploading, (await Session.GetAsync(Owner, none)).Value!.State);
        Assert.True((await Session.CompleteAsync(Owner, null, null, none)).IsSuccess);
    }

    [Fact]
    public async Task Complete_AnotherProcessWritesInBetween_IsDoneAgainOnItsState()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);
        var meddle = 3;
        cluster.Storage.BeforeWrite = () =>
        {
            if (meddle-- > 0)
                cluster.Storage.BumpVersions();
        };

        Assert.Equal(UploadState.Stored, (await Session.CompleteAsync(Owner, null, null, none)).Value!.State);
    }

    [Fact]
    public async Task Complete_StoreHasLostTheUpload_FailsAndSaysToBeginAgain()
    {
        var opened = await CreateAsync();
        cluster.Store.Lose(opened.Upload.UploadId!);

        Assert.Equal(RefusalCode.UploadGone, (await Session.CompleteAsync(Owner, null, null, none)).Refusal!.Code);
        Assert.Equal(UploadState.Failed, (await Session.GetAsync(Owner, none)).Value!.State);
        Assert.Equal(RefusalCode.WrongState, (await Session.SignPartsAsync(Owner, [1], none)).Refusal!.Code);
    }

    [Fact]
    public async Task Complete_ObjectOfTheWrongSize_FailsAndLeavesNothing()
    {
        var opened = await CreateAsync();
        cluster.Store.Lose(opened.Upload.UploadId!);
        cluster.Store.PutObject(opened.Upload.Key, Size - 1);

        Assert.Equal(RefusalCode.UploadGone, (await Session.CompleteAsync(Owner, null, null, none)).Refusal!.Code);
        Assert.DoesNotContain(opened.Upload.Key, cluster.Store.Keys);
    }

    [Fact]
    public async Task Complete_EmptyFile_IsStoredOnceItsPutArrived()
    {
        var opened = await CreateAsync(size: 0);

        var early = await Session.CompleteAsync(Owner, null, null, none);
        cluster.Store.PutObject(opened.Upload.Key, 0);
        var late = await Session.CompleteAsync(Owner, null, null, none);

        Assert.Null(opened.Upload.UploadId);
        Assert.Equal(UploadStrategy.Single, opened.Upload.Plan.Strategy);
        Assert.Equal([1], early.Refusal!.Parts);
        Assert.Equal(UploadState.Stored, late.Value!.State);
    }

    [Fact]
    public async Task Complete_InOnePiece_LooksAtTheObjectOnce()
    {
        var opened = await CreateAsync(size: 0);
        cluster.Store.PutObject(opened.Upload.Key, 0);
        var looks = 0;
        cluster.Store.Before = operation => looks += operation == "head" ? 1 : 0;

        await Session.CompleteAsync(Owner, null, null, none);

        Assert.Equal(1, looks);
    }

    [Theory]
    [InlineData(12, true)]
    [InlineData(11, false)]
    public async Task Complete_OpenUpload_IsHeldToThePermissionsSize(long maxMib, bool fits)
    {
        var request = SessionCluster.NewUpload(null, maxSize: maxMib * MiB);
        var opened = (await Session.CreateAsync(request, PartPlanner.Open, none)).Value!;
        cluster.Store.PutPart(opened.Upload.UploadId!, 1, 8 * MiB);
        cluster.Store.PutPart(opened.Upload.UploadId!, 2, 4 * MiB);

        var completed = await Session.CompleteAsync(Owner, [new(2, "etag2"), new(1, "etag1")], null, none);

        Assert.Equal(fits ? null : RefusalCode.FileTooLarge, completed.Refusal?.Code);
        Assert.Equal(fits ? 12 * MiB : null, completed.Value?.Size);
        Assert.Equal(fits ? UploadState.Stored : UploadState.Failed, (await Session.GetAsync(Owner, none)).Value!.State);
    }

    [Fact]
    public async Task Abort_Active_EndsItInTheStoreTooAndAgainIsTheSame()
    {
        var opened = await CreateAsync();

        var first = await Session.AbortAsync(Owner, none);
        var second = await Session.AbortAsync(Owner, none);

        Assert.Equal(UploadState.Aborted, first.Value!.State);
        Assert.True(second.IsSuccess);
        Assert.DoesNotContain(opened.Upload.UploadId, cluster.Store.UploadIds);
    }

    [Fact]
    public async Task Abort_Stored_IsRefusedAndKeepsTheObject()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);
        await Session.CompleteAsync(Owner, null, null, none);

        Assert.Equal(RefusalCode.WrongState, (await Session.AbortAsync(Owner, none)).Refusal!.Code);
        Assert.Contains(opened.Upload.Key, cluster.Store.Keys);
    }

    [Fact]
    public async Task AnyCall_SomebodyElse_IsRefusedWithoutAChange()
    {
        var opened = await CreateAsync();
        var stranger = new Caller("stranger", "x");

        Assert.Equal(RefusalCode.NotYourUpload, (await Session.GetAsync(stranger, none)).Refusal!.Code);
        Assert.Equal(RefusalCode.NotYourUpload, (await Session.SignPartsAsync(stranger, [1], none)).Refusal!.Code);
        Assert.Equal(RefusalCode.NotYourUpload, (await Session.ListPartsAsync(stranger, none)).Refusal!.Code);
        Assert.Equal(RefusalCode.NotYourUpload, (await Session.TakeLeaseAsync(stranger, true, none)).Refusal!.Code);
        Assert.Equal(RefusalCode.NotYourUpload, (await Session.CompleteAsync(stranger, null, null, none)).Refusal!.Code);
        Assert.Equal(RefusalCode.NotYourUpload, (await Session.AbortAsync(stranger, none)).Refusal!.Code);
        Assert.Contains(opened.Upload.UploadId, cluster.Store.UploadIds);
    }

    [Fact]
    public async Task AnyCall_UnknownTag_IsNotFound()
    {
        Assert.Equal(RefusalCode.UploadNotFound, (await Session.GetAsync(Owner, none)).Refusal!.Code);
        Assert.Equal(RefusalCode.UploadNotFound, (await Session.AbortAsync(Owner, none)).Refusal!.Code);
    }

    [Fact]
    public async Task TakeLease_Over_StopsTheOldHolderEverywhere()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);
        var locked = await Session.TakeLeaseAsync(new("u", "b"), takeOver: false, none);
        var taken = await Session.TakeLeaseAsync(new("u", "b"), takeOver: true, none);

        Assert.Equal("a", locked.Refusal!.Lease!.ClientId);
        Assert.Equal(2, taken.Value!.Epoch);
        Assert.Equal(RefusalCode.LeaseLost, (await Session.SignPartsAsync(new("u", "a"), [1], none)).Refusal!.Code);
        Assert.Equal(RefusalCode.LeaseLost, (await Session.CompleteAsync(new("u", "a"), null, null, none)).Refusal!.Code);
        Assert.Equal(RefusalCode.LeaseLost, (await Session.AbortAsync(new("u", "a"), none)).Refusal!.Code);
        Assert.True((await Session.CompleteAsync(new("u", "b", 2), null, null, none)).IsSuccess);
    }

    [Fact]
    public async Task Resume_PartsOfTheWrongSize_AreNotCountedAsPresent()
    {
        var opened = await CreateAsync();
        cluster.Store.PutPart(opened.Upload.UploadId!, 1, 8 * MiB);
        cluster.Store.PutPart(opened.Upload.UploadId!, 2, 5 * MiB);

        var resumed = (await Session.ResumeAsync(SessionCluster.NewUpload(Size), none)).Value!;

        Assert.True(resumed.Resumed);
        Assert.Equal([1], resumed.Parts.Select(part => part.Part));
        Assert.Equal([2, 3], resumed.Urls.Select(url => url.Part));
    }

    [Fact]
    public async Task Resume_AnotherClientHoldsIt_IsLockedAndNamesTheUpload()
    {
        await CreateAsync();

        var refusal = (await Session.ResumeAsync(SessionCluster.NewUpload(Size, client: "b"), none)).Refusal!;

        Assert.Equal(RefusalCode.UploadLocked, refusal.Code);
        Assert.Equal(tag, refusal.Tag);
    }

    [Fact]
    public async Task Sweep_UntouchedSession_ExpiresAtItsTimeAndNotBefore()
    {
        var opened = await CreateAsync();
        cluster.Time.Advance(cluster.Options.SessionLifetime - TimeSpan.FromSeconds(1));
        await Session.SweepAsync(none);
        var before = (await Session.GetAsync(Owner, none)).Value!.State;

        cluster.Time.Advance(TimeSpan.FromSeconds(1));
        await Session.SweepAsync(none);

        Assert.Equal(UploadState.Uploading, before);
        Assert.Equal(UploadState.Expired, (await Session.GetAsync(Owner, none)).Value!.State);
        Assert.DoesNotContain(opened.Upload.UploadId, cluster.Store.UploadIds);
    }

    [Fact]
    public async Task Sweep_PartArrivedLatelyWithoutAWordToUs_KeepsTheSession()
    {
        var opened = await CreateAsync();
        cluster.Time.Advance(cluster.Options.SessionLifetime - TimeSpan.FromMinutes(1));
        cluster.Store.PutPart(opened.Upload.UploadId!, 1, 8 * MiB);
        cluster.Time.Advance(TimeSpan.FromMinutes(2));

        await Session.SweepAsync(none);

        Assert.Equal(UploadState.Uploading, (await Session.GetAsync(Owner, none)).Value!.State);
    }

    [Fact]
    public async Task Sweep_FileCameByAForm_IsStoredWithTheSizeThatIsThere()
    {
        var opened = (await Session.CreateFormAsync(SessionCluster.NewUpload(null, client: null, maxSize: 1000), none)).Value!;
        await Session.SweepAsync(none);
        var early = (await Session.GetAsync(Owner, none)).Value!.State;
        cluster.Store.PutObject(opened.Upload.Key, 1000);
        cluster.Time.Advance(cluster.Options.FormLook);
        await Session.SweepAsync(none);

        var late = (await Session.GetAsync(Owner, none)).Value!;
        Assert.Equal("1000", opened.Form.Fields["max"]);
        Assert.Equal(UploadState.Created, early);
        Assert.Equal(UploadState.Stored, late.State);
        Assert.Equal(1000, late.Size);
    }

    [Fact]
    public async Task Sweep_FormThatIsNeverSent_IsLookedForEverLessOftenAndExpiresWithTheForm()
    {
        await Session.CreateFormAsync(SessionCluster.NewUpload(null, client: null), none);
        var looks = 0;
        cluster.Store.Before = operation => looks += operation == "head" ? 1 : 0;

        for (var state = UploadState.Created; state == UploadState.Created; state = (await Session.GetAsync(Owner, none)).Value!.State)
        {
            cluster.Time.Advance(TimeSpan.FromSeconds(10));
            await Session.SweepAsync(none);
        }

        var ended = (await Session.GetAsync(Owner, none)).Value!;
        Assert.Equal(UploadState.Expired, ended.State);
        Assert.InRange(ended.History[^1].At - ended.CreatedAt, cluster.Options.UrlLifetime, cluster.Options.UrlLifetime * 1.3);
        Assert.InRange(looks, 10, 40);
    }

    [Fact]
    public async Task Complete_FileCameByAFormOverItsPermission_FailsAndLeavesNothing()
    {
        var opened = (await Session.CreateFormAsync(SessionCluster.NewUpload(null, client: null, maxSize: 1000), none)).Value!;
        cluster.Store.PutObject(opened.Upload.Key, 1001);

        Assert.Equal(RefusalCode.FileTooLarge, (await Session.CompleteAsync(Owner, null, null, none)).Refusal!.Code);
        Assert.DoesNotContain(opened.Upload.Key, cluster.Store.Keys);
        Assert.Equal(RefusalCode.WrongState, (await Session.SignPartsAsync(Owner, [1], none)).Refusal!.Code);
    }

    [Fact]
    public async Task Create_DatabaseFails_NextTryUnderTheSameTagWorks()
    {
        cluster.Storage.BeforeWrite = () => throw new StorageUnavailableException();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => Session.CreateAsync(SessionCluster.NewUpload(Size), Plan(Size), none));
        cluster.Storage.BeforeWrite = () => { };

        Assert.Equal(RefusalCode.UploadNotFound, (await Session.GetAsync(Owner, none)).Refusal!.Code);
        Assert.True((await Session.CreateAsync(SessionCluster.NewUpload(Size), Plan(Size), none)).IsSuccess);
    }

    [Fact]
    public async Task Create_ContentTakenByAnotherSession_LeavesNothingInTheStore()
    {
        var before = cluster.Store.UploadIds.Count();
        cluster.Storage.BeforeWrite = () => throw new StateTakenException();

        var created = await Session.CreateAsync(SessionCluster.NewUpload(Size), Plan(Size), none);
        cluster.Storage.BeforeWrite = () => { };

        Assert.Equal(RefusalCode.AlreadyInProgress, created.Refusal!.Code);
        Assert.Equal(before, cluster.Store.UploadIds.Count());
        Assert.Equal(RefusalCode.UploadNotFound, (await Session.GetAsync(Owner, none)).Refusal!.Code);
    }

    [Fact]
    public async Task StateChanges_Each_AreAnnouncedOnce()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);
        await Session.CompleteAsync(Owner, null, null, none);

        // Created with its multipart upload, completing, stored.
        Assert.Equal(3, cluster.Signals.Published.Count(published => published == tag));
    }

    [Fact]
    public async Task Get_WhileTheStoreTakesItsTime_DoesNotWaitAndDoesNotTellTheFuture()
    {
        var opened = await CreateAsync();
        PutParts(opened.Upload.UploadId!, 1, 2, 3);
        var reached = new TaskCompletionSource();
        var released = new TaskCompletionSource();
        cluster.Store.Hold = operation =>
        {
            if (operation != "complete")
                return Task.CompletedTask;
            reached.TrySetResult();
            return released.Task;
        };

        var completing = Session.CompleteAsync(Owner, null, null, none);
        await reached.Task;
        var meanwhile = await Session.GetAsync(Owner, none).WaitAsync(TimeSpan.FromSeconds(20), none);
        released.SetResult();
        var completed = await completing;
        cluster.Store.Hold = _ => Task.CompletedTask;

        Assert.Equal(UploadState.Completing, meanwhile.Value!.State);
        Assert.Equal(UploadState.Stored, completed.Value!.State);
    }

    private async Task<OpenedUpload> CreateAsync(long size = Size, long? partSize = null) =>
        (await Session.CreateAsync(SessionCluster.NewUpload(size), PartPlanner.Plan(size, partSize, 0), none)).Value!;

    private static UploadPlan Plan(long size) => PartPlanner.Plan(size, null, 0);

    private static void FailOn(string operation, string failing)
    {
        if (operation == failing)
            throw new StoreUnavailableException();
    }

    private void PutParts(string uploadId, params int[] parts)
    {
        foreach (var part in parts)
            cluster.Store.PutPart(uploadId, part, part < 3 ? 8 * MiB : 4 * MiB);
    }
}
