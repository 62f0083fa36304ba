using Orleans.Runtime;

namespace Orleans;

/// <summary>Makes references to grains; a grain comes to life with the first call.</summary>
public interface IGrainFactory
{
    /// <summary>A reference to the grain with this key.</summary>
    /// <param name="primaryKey">The key.</param>
    /// <param name="grainClassNamePrefix">Start of the class's full name, where several classes implement the interface.</param>
    /// <exception cref="ArgumentException">No grain class implements the interface, or several do.</exception>
    TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey;

    /// <summary>A reference to the grain with this identity.</summary>
    TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable;

    /// <summary>A reference without methods, for <see cref="GrainExtensions.AsReference{TGrainInterface}"/>.</summary>
    IAddressable GetGrain(GrainId grainId);
}

/// <summary>Calls grains from outside a grain.</summary>
public interface IClusterClient : IGrainFactory
{
    /// <summary>The services of the host that the client lives in.</summary>
    IServiceProvider ServiceProvider { get; }
}
