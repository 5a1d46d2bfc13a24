"""The mechanics of a rig in MuJoCo.

They are built in another way than the training simulator. A motor carriage pulls the cart by a belt
with play, friction is dry as well as viscous, the pole is a rod with its own inertia, and the
integrator is MuJoCo's implicit one at 500 Hz under a controller at 50 Hz.
"""

from course_lib.worlds.mechanics import Mechanics
from course_lib.worlds.rig_batch import GRAVITY, PHYSICS_STEP, RigBatch
from course_lib.worlds.rig_physics import RigPhysics

MODEL = """
<mujoco>
  <option timestep="{step}" integrator="implicitfast" gravity="0 0 -{gravity}">
    <flag contact="disable"/>
  </option>
  <worldbody>
    <body name="carriage">
      <joint name="carriage" type="slide" axis="1 0 0"/>
      <geom type="box" size=".03 .03 .03" mass="{p.carriage_mass}"/>
    </body>
    <body name="cart">
      <joint name="cart" type="slide" axis="1 0 0" damping="{p.rail_damping}"
             frictionloss="{p.stiction}"/>
      <geom type="box" size=".12 .08 .04" mass="{p.cart_mass}"/>
      <body name="pole">
        <joint name="hinge" type="hinge" axis="0 1 0" damping="{p.hinge_damping}"/>
        <geom type="capsule" size=".008" fromto="0 0 0 0 0 {p.pole_length}" mass="{p.pole_mass}"/>
      </body>
    </body>
  </worldbody>
  <tendon>
    <!-- A belt: it pulls only where the carriage is ahead or behind by more than its slack. -->
    <fixed springlength="-{p.belt_slack} {p.belt_slack}" stiffness="4000" damping="2">
      <joint joint="carriage" coef="1"/>
      <joint joint="cart" coef="-1"/>
    </fixed>
  </tendon>
  <actuator><motor joint="carriage"/></actuator>
</mujoco>
"""
CARRIAGE, CART, HINGE = 1, 2, 3  # places of the positions in a state, after the time


class MujocoRigBatch(RigBatch):
    """A `RigBatch` whose mechanics are MuJoCo's, all episodes in one call per control step."""

    def __init__(self, num_envs: int, machine: RigPhysics, *, max_episode_steps: int = 500):
        super().__init__(num_envs, machine, max_episode_steps=max_episode_steps)
        text = MODEL.format(p=machine, step=PHYSICS_STEP, gravity=GRAVITY)
        self._mechanics = Mechanics(text)

    def _place(self, carts, hinges):
        self._state = self._mechanics.states(carts.size)  # time, positions, velocities
        self._state[:, CARRIAGE] = self._state[:, CART] = carts
        self._state[:, HINGE] = hinges

    def _drive(self, forces, which):
        states, _ = self._mechanics.drive(self._state[which], forces[:, :, None])
        self._state[which] = states[:, -1]
        return states[:, -1, [CART, HINGE]]
